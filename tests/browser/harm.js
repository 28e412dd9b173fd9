// What on a page came of somebody's text otherwise than as text: elements, attributes, scripts that ran.
(given) => {
  const root = given ?? document;
  const ADDRESSES = new Set("href src action formaction data poster srcset ping background xlink:href".split(" "));
  const FOREIGN = "script[nonce], iframe, frame, frameset, object, embed, applet, base, svg, math, marquee, keygen, style[onload], plaintext, xmp, isindex, template, xss, x, meta[http-equiv]";
  const PLANTED = /hit\s*[(`&]|evil\.example/;
  const found = [...(window.hits ?? [])].map((what) => `ran: ${what}`);
  const tell = (why, node) => found.push(`${why}: ${node.outerHTML.slice(0, 200)}`);
  for (const node of root.querySelectorAll(FOREIGN)) tell("element", node);
  for (const node of root.querySelectorAll("script, style")) if (PLANTED.test(node.textContent)) tell("content", node);
  for (const node of root.querySelectorAll("*")) {
    for (const { name, value } of node.attributes) {
      if (name.startsWith("on")) tell("handler", node);
      else if (ADDRESSES.has(name)) {
        // A link leads away when it is clicked; nothing else asks anything of anybody else.
        const { protocol, host } = new URL(value, location);
        const isLink = node.tagName === "A" && name === "href" && /^https?:$/.test(protocol);
        if (!isLink && host !== location.host) tell("address", node);
      } else if (name === "style" && PLANTED.test(value)) tell("style", node);
      else if (name === "id" && PLANTED.test(value)) tell("id", node);
    }
  }
  return [...new Set(found)];
}

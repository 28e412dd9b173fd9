// Shows notifications on phones, whose browsers take them from service workers alone. It does nothing else.

addEventListener("notificationclick", (event) => {
  const { notification } = event;
  notification.close();
  event.waitUntil(lead(notification.data));
});

/** Lead to a place of the page where it is open, or open it there. */
async function lead(hash) {
  const [page] = await clients.matchAll({ type: "window", includeUncontrolled: true });
  if (!page) return clients.openWindow(hash);
  page.postMessage(hash);
  return page.focus();
}

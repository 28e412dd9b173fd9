"""A stand-in for S3: objects by key in memory, over HTTP, as far as a store of media asks for them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Bucket:
    """Its objects, by path; while it `is_away` it answers that it cannot."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.is_away = False
        self.url = ""


@contextmanager
def serving_bucket() -> Iterator[Bucket]:
    """Serve an empty bucket."""
    bucket = Bucket()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(503 if bucket.is_away else status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            if "Content_Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not bucket.is_away:
                bucket.objects[self.path] = body
            self.answer(200, ETag=f'"{md5(body).hexdigest()}"')

        def do_HEAD(self) -> None:
            found = bucket.objects.get(self.path)
            if found is None:
                self.answer(404)
            else:
                size = str(len(found))
                self.answer(200, Content_Length=size, ETag='"x"', Last_Modified=formatdate(usegmt=True))

        def do_GET(self) -> None:
            found, wanted = bucket.objects.get(self.path), self.headers.get("Range")
            if found is None:
                self.answer(404)
                return
            headers = {"ETag": '"x"', "Last_Modified": formatdate(usegmt=True)}
            if wanted is None:
                self.answer(200, found, **headers)
                return
            first, last = map(int, wanted.removeprefix("bytes=").split("-"))
            part = found[first : last + 1]
            self.answer(206, part, Content_Range=f"bytes {first}-{first + len(part) - 1}/{len(found)}", **headers)

        def do_POST(self) -> None:
            """Remove several objects."""
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            root = self.path.partition("?delete")[0].rstrip("/")
            keys = re.findall("<Key>(.*?)</Key>", body)
            for key in () if bucket.is_away else keys:
                bucket.objects.pop(f"{root}/{key}", None)
            done = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
            self.answer(200, f"<DeleteResult>{done}</DeleteResult>".encode())

        def log_message(self, *_said: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    bucket.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

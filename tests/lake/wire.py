"""What goes over the wire between the storage and whoever reads it, counted the same for every engine."""
import select
import socket
import threading

PIECE_BYTES = 1 << 16


class Wire:
    """Stands before the storage, passes everything on, and counts requests and the bytes of the answers."""

    def __init__(self, host):
        self.to = (host.rsplit(":", 1)[0], int(host.rsplit(":", 1)[1]))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.lock, self.requests, self.bytes = threading.Lock(), 0, 0
        threading.Thread(target=self._accept, daemon=True).start()

    def counted(self):
        """Requests and bytes since it was asked last."""
        with self.lock:
            counted, self.requests, self.bytes = (self.requests, self.bytes), 0, 0
        return counted

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client):
        with client, socket.create_connection(self.to) as storage:
            while True:
                for one in select.select([client, storage], [], [])[0]:
                    try:
                        piece = one.recv(PIECE_BYTES)
                        (storage if one is client else client).sendall(piece)
                    except OSError:
                        # Whoever had enough goes away without a word.
                        return
                    if not piece:
                        return
                    with self.lock:
                        # Requests have no body, and come in one piece.
                        self.requests += one is client
                        self.bytes += len(piece) * (one is storage)

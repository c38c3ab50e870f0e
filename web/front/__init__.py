"""The front: connections, deadlines, TLS, names, proxies and compression, before any view."""

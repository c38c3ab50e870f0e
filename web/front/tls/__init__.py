"""TLS: the thread that encrypts, the certificate, and the one that the gateway makes for itself."""

"""What keeps a gateway in good order: backups, a support bundle, certificates."""

"""The pass registry: lookups, imports, files and QR codes."""

"""The rules that no story may break: what the product does is compared with what is true."""

"""What people read: every text in English and Chinese, and times as a screen tells them."""

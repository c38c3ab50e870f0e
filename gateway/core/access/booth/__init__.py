"""What the screens of booths ask of reads: the lane that a desk reader reads for, and a card from the pile."""

"""What happens at a simulated site: written from a seed before it is played, with its site file, passes and cards."""

"""Identity numbers and signatures of drivers without a card: sealed, apart from the journal, deleted on schedule."""

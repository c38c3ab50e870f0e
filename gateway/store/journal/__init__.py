"""The journal: append-only, hash-chained, the outbox of every consumer.

In: rows in the order in which they happened (`writer.Journal.append`), and what retention drops. Out: their sequences
once they are durable; pages, batches and single rows by cursor (`reader.JournalReader`), the check of the chain, and
what each consumer has confirmed (`consumers`). `heads` are the hashes that others keep of it, `proof` compares it with
them. Only the engine holds a `Journal`; all other processes read.
"""

"""The district's window: the same services as the terminal's, with the parts that the client's screens are made of."""

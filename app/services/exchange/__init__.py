"""The office's side of the exchange: its keys, what is unsent, the package on the stick, the district's answer back."""

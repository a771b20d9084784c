"""Order flow: what was bought and sold at which price, and whether it is proved."""

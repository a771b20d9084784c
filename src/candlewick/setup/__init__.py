"""Setting up at scale: AWS's side as a CloudFormation stack, Snowflake's side as SQL, and the wires between them."""

"""SILVER and GOLD as Parquet files that anybody may read while the warehouse is written."""

-- Candlewick on Snowflake. `candlewick setup snowflake` fills this in from candlewick.toml and runs it; run it again
-- whenever the settings change. What is there stays: nothing is replaced, no row and no load history is lost.

-- == Database, schemas and warehouse
USE ROLE {{ admin_role }};
CREATE DATABASE IF NOT EXISTS {{ database }} COMMENT = 'Candlewick: every trade, proved';
CREATE SCHEMA IF NOT EXISTS {{ database }}.RAW COMMENT = 'The lines of the lake, as they are';
CREATE SCHEMA IF NOT EXISTS {{ database }}.SILVER COMMENT = 'One row per trade';
CREATE SCHEMA IF NOT EXISTS {{ database }}.GOLD COMMENT = 'Candles, their audit, the gaps of the tape';
CREATE WAREHOUSE IF NOT EXISTS {{ warehouse }}
  WAREHOUSE_SIZE = XSMALL
  AUTO_SUSPEND = {{ auto_suspend_seconds }}
  AUTO_RESUME = TRUE
  INITIALLY_SUSPENDED = TRUE
  COMMENT = 'Candlewick: the models';
ALTER WAREHOUSE {{ warehouse }} SET AUTO_SUSPEND = {{ auto_suspend_seconds }} STATEMENT_TIMEOUT_IN_SECONDS = 3600;
CREATE WAREHOUSE IF NOT EXISTS {{ reader_warehouse }}
  WAREHOUSE_SIZE = XSMALL
  AUTO_SUSPEND = {{ auto_suspend_seconds }}
  AUTO_RESUME = TRUE
  INITIALLY_SUSPENDED = TRUE
  COMMENT = 'Candlewick: who reads';
ALTER WAREHOUSE {{ reader_warehouse }} SET AUTO_SUSPEND = {{ auto_suspend_seconds }} STATEMENT_TIMEOUT_IN_SECONDS = 300;

-- == Resource monitor
-- What a mistake can cost in a month. Only ACCOUNTADMIN may make one ("Working with resource monitors").
CREATE RESOURCE MONITOR IF NOT EXISTS {{ resource_monitor }}
  WITH CREDIT_QUOTA = {{ monthly_credits }}
  FREQUENCY = MONTHLY
  START_TIMESTAMP = IMMEDIATELY
  TRIGGERS ON 80 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND;
ALTER RESOURCE MONITOR {{ resource_monitor }} SET CREDIT_QUOTA = {{ monthly_credits }};
ALTER WAREHOUSE {{ warehouse }} SET RESOURCE_MONITOR = {{ resource_monitor }};
ALTER WAREHOUSE {{ reader_warehouse }} SET RESOURCE_MONITOR = {{ resource_monitor }};

-- == Roles
-- The loader puts lines into RAW, the transformer reads RAW and makes SILVER and GOLD, the reader reads those.
CREATE ROLE IF NOT EXISTS {{ loader_role }} COMMENT = 'Candlewick: loads RAW';
CREATE ROLE IF NOT EXISTS {{ transformer_role }} COMMENT = 'Candlewick: makes SILVER and GOLD of RAW';
CREATE ROLE IF NOT EXISTS {{ reader_role }} COMMENT = 'Candlewick: reads SILVER and GOLD';
GRANT ROLE {{ loader_role }} TO ROLE {{ admin_role }};
GRANT ROLE {{ loader_role }} TO ROLE SYSADMIN;
GRANT ROLE {{ transformer_role }} TO ROLE SYSADMIN;
GRANT ROLE {{ reader_role }} TO ROLE SYSADMIN;
GRANT USAGE ON WAREHOUSE {{ warehouse }} TO ROLE {{ transformer_role }};
GRANT USAGE ON WAREHOUSE {{ warehouse }} TO ROLE {{ loader_role }};
GRANT USAGE ON WAREHOUSE {{ reader_warehouse }} TO ROLE {{ reader_role }};
GRANT USAGE ON DATABASE {{ database }} TO ROLE {{ loader_role }};
GRANT USAGE ON DATABASE {{ database }} TO ROLE {{ transformer_role }};
GRANT USAGE ON DATABASE {{ database }} TO ROLE {{ reader_role }};
GRANT USAGE ON SCHEMA {{ database }}.RAW TO ROLE {{ loader_role }};
GRANT USAGE ON SCHEMA {{ database }}.RAW TO ROLE {{ transformer_role }};
GRANT USAGE ON SCHEMA {{ database }}.RAW TO ROLE {{ reader_role }};
GRANT USAGE, CREATE TABLE, CREATE VIEW ON SCHEMA {{ database }}.SILVER TO ROLE {{ transformer_role }};
GRANT USAGE, CREATE TABLE, CREATE VIEW ON SCHEMA {{ database }}.GOLD TO ROLE {{ transformer_role }};
GRANT USAGE ON SCHEMA {{ database }}.SILVER TO ROLE {{ reader_role }};
GRANT USAGE ON SCHEMA {{ database }}.GOLD TO ROLE {{ reader_role }};
GRANT SELECT ON ALL TABLES IN SCHEMA {{ database }}.SILVER TO ROLE {{ reader_role }};
GRANT SELECT ON ALL TABLES IN SCHEMA {{ database }}.GOLD TO ROLE {{ reader_role }};
GRANT SELECT ON ALL VIEWS IN SCHEMA {{ database }}.SILVER TO ROLE {{ reader_role }};
GRANT SELECT ON ALL VIEWS IN SCHEMA {{ database }}.GOLD TO ROLE {{ reader_role }};
GRANT SELECT ON FUTURE TABLES IN SCHEMA {{ database }}.SILVER TO ROLE {{ reader_role }};
GRANT SELECT ON FUTURE TABLES IN SCHEMA {{ database }}.GOLD TO ROLE {{ reader_role }};
GRANT SELECT ON FUTURE VIEWS IN SCHEMA {{ database }}.SILVER TO ROLE {{ reader_role }};
GRANT SELECT ON FUTURE VIEWS IN SCHEMA {{ database }}.GOLD TO ROLE {{ reader_role }};

-- == Storage integration
-- Altered, never replaced: a new one would have a new external id, which AWS would not know.
CREATE STORAGE INTEGRATION IF NOT EXISTS {{ storage_integration }}
  TYPE = EXTERNAL_STAGE
  STORAGE_PROVIDER = 'S3'
  ENABLED = TRUE
  STORAGE_AWS_ROLE_ARN = {{ storage_role_arn }}
  STORAGE_ALLOWED_LOCATIONS = ({{ raw_url }}, {{ sealed_url }});
ALTER STORAGE INTEGRATION {{ storage_integration }} SET
  STORAGE_AWS_ROLE_ARN = {{ storage_role_arn }}
  STORAGE_ALLOWED_LOCATIONS = ({{ raw_url }}, {{ sealed_url }});
GRANT USAGE ON INTEGRATION {{ storage_integration }} TO ROLE {{ loader_role }};

-- == Raw table, file format and stage
-- The columns of the embedded warehouse's RAW. The keys of a line differ by case only (e/E, t/T, m/M): a VARIANT's
-- paths are case-sensitive, columns of their own would not be. Transient, as all tables here: what is deleted lies for seven
-- days more in Fail-safe otherwise. Error logging is for such tables, too ("Error logging for COPY INTO and Snowpipe").
CREATE TRANSIENT TABLE IF NOT EXISTS {{ database }}.RAW.BINANCE_RAW (
  PAYLOAD VARIANT,
  OBJECT_NAME VARCHAR,
  ROW_NUMBER NUMBER(38, 0),
  LOADED_AT TIMESTAMP_NTZ(6)
)
  DATA_RETENTION_TIME_IN_DAYS = 1
  COMMENT = 'The lines of the lake, which has them all: one day of Time Travel is enough';
-- Rows that streaming cannot put there are kept beside it, with the reason, and read by ERROR_TABLE(…RAW.BINANCE_RAW)
-- ("Error logging in Snowpipe Streaming with high-performance architecture", "Error tables").
ALTER TABLE {{ database }}.RAW.BINANCE_RAW SET ERROR_LOGGING = TRUE;
CREATE FILE FORMAT IF NOT EXISTS {{ database }}.RAW.{{ file_format }}
  TYPE = JSON
  COMPRESSION = ZSTD
  COMMENT = 'An object of the lake: JSON lines in one zstd frame';
CREATE STAGE IF NOT EXISTS {{ database }}.RAW.{{ stage }}
  URL = {{ raw_url }}
  STORAGE_INTEGRATION = {{ storage_integration }}
  FILE_FORMAT = (FORMAT_NAME = '{{ database }}.RAW.{{ file_format }}');
ALTER STAGE {{ database }}.RAW.{{ stage }} SET URL = {{ raw_url }} STORAGE_INTEGRATION = {{ storage_integration }};
GRANT SELECT, INSERT ON TABLE {{ database }}.RAW.BINANCE_RAW TO ROLE {{ loader_role }};
GRANT SELECT, DELETE ON TABLE {{ database }}.RAW.BINANCE_RAW TO ROLE {{ transformer_role }};
GRANT SELECT ERROR TABLE ON TABLE {{ database }}.RAW.BINANCE_RAW TO ROLE {{ transformer_role }};
GRANT USAGE ON FILE FORMAT {{ database }}.RAW.{{ file_format }} TO ROLE {{ loader_role }};
GRANT USAGE ON STAGE {{ database }}.RAW.{{ stage }} TO ROLE {{ loader_role }};
-- Sealed days, which `candlewick load` puts into SILVER. Logical types are the file's own: exact decimals, and µs.
CREATE FILE FORMAT IF NOT EXISTS {{ database }}.RAW.BINANCE_PARQUET
  TYPE = PARQUET
  USE_LOGICAL_TYPE = TRUE
  COMMENT = 'A sealed day: typed trades';
CREATE STAGE IF NOT EXISTS {{ database }}.RAW.BINANCE_SEALED
  URL = {{ sealed_url }}
  STORAGE_INTEGRATION = {{ storage_integration }}
  FILE_FORMAT = (FORMAT_NAME = '{{ database }}.RAW.BINANCE_PARQUET');
ALTER STAGE {{ database }}.RAW.BINANCE_SEALED SET URL = {{ sealed_url }} STORAGE_INTEGRATION = {{ storage_integration }};
GRANT USAGE ON STAGE {{ database }}.RAW.BINANCE_SEALED TO ROLE {{ transformer_role }};
GRANT USAGE ON FILE FORMAT {{ database }}.RAW.BINANCE_PARQUET TO ROLE {{ transformer_role }};
GRANT USAGE ON FILE FORMAT {{ database }}.RAW.{{ file_format }} TO ROLE {{ transformer_role }};

-- == What the models take
-- The stream says what was committed to RAW since the last cycle, in whatever order it came; SHOW_INITIAL_ROWS lets it
-- begin with what is there. A cycle moves its lines to BINANCE_TAKEN, and its offset with them. The stream lasts for two
-- weeks without a cycle: MAX_DATA_EXTENSION_TIME_IN_DAYS of its table, whose default is 14.
CREATE TRANSIENT TABLE IF NOT EXISTS {{ database }}.RAW.BINANCE_TAKEN (
  PAYLOAD VARIANT,
  OBJECT_NAME VARCHAR,
  ROW_NUMBER NUMBER(38, 0),
  LOADED_AT TIMESTAMP_NTZ(6)
)
  DATA_RETENTION_TIME_IN_DAYS = 0
  COMMENT = 'The lines of the last cycle, with its moment';
CREATE STREAM IF NOT EXISTS {{ database }}.RAW.BINANCE_NEWS
  ON TABLE {{ database }}.RAW.BINANCE_RAW
  APPEND_ONLY = TRUE
  SHOW_INITIAL_ROWS = TRUE
  COMMENT = 'What no cycle has taken yet';
CREATE TRANSIENT TABLE IF NOT EXISTS {{ database }}.RAW.LEASE (
  HOLDER VARCHAR,
  HELD_UNTIL TIMESTAMP_NTZ(6),
  CLAIMED_AT TIMESTAMP_NTZ(6)
)
  COMMENT = 'One row: who runs the models, and the moment of the last cycle';
-- A warehouse that CREATE finds there does not become the session's.
USE WAREHOUSE {{ warehouse }};
INSERT INTO {{ database }}.RAW.LEASE
  SELECT NULL, '1970-01-01'::TIMESTAMP_NTZ, '1970-01-01'::TIMESTAMP_NTZ
  FROM (SELECT 1) AS ONE
  WHERE NOT EXISTS (SELECT 1 FROM {{ database }}.RAW.LEASE);
GRANT SELECT, INSERT, DELETE ON TABLE {{ database }}.RAW.BINANCE_TAKEN TO ROLE {{ transformer_role }};
GRANT SELECT ON STREAM {{ database }}.RAW.BINANCE_NEWS TO ROLE {{ transformer_role }};
GRANT SELECT, UPDATE ON TABLE {{ database }}.RAW.LEASE TO ROLE {{ transformer_role }};

-- == What DuckDB sends
-- With `publish = "snowflake"`: a stage of Snowflake's own, which needs no bucket, and how far each table is.
CREATE FILE FORMAT IF NOT EXISTS {{ database }}.RAW.CANDLEWICK_SENT_PARQUET
  TYPE = PARQUET
  USE_LOGICAL_TYPE = TRUE
  COMMENT = 'Rows of the embedded warehouse';
CREATE STAGE IF NOT EXISTS {{ database }}.RAW.CANDLEWICK_SENT
  COMMENT = 'Rows on their way; each file is removed when it is in its table';
CREATE TRANSIENT TABLE IF NOT EXISTS {{ database }}.RAW.PUBLISHED (
  NAME VARCHAR,
  UNTIL VARCHAR
)
  COMMENT = 'How far each table has been sent';
GRANT USAGE ON FILE FORMAT {{ database }}.RAW.CANDLEWICK_SENT_PARQUET TO ROLE {{ transformer_role }};
GRANT READ, WRITE ON STAGE {{ database }}.RAW.CANDLEWICK_SENT TO ROLE {{ transformer_role }};
GRANT SELECT, INSERT, DELETE ON TABLE {{ database }}.RAW.PUBLISHED TO ROLE {{ transformer_role }};

-- == Pipe
-- Owned by the loader, as Snowpipe loads with its owner's rights. Never replaced: that would forget what it has
-- loaded. LOADED_AT is the start of the scan: Snowflake warns that SYSDATE() in a pipe can be hours early, as it is
-- evaluated when the COPY is compiled. ON_ERROR is a pipe's default, SKIP_FILE: a torn object is not half-loaded.
GRANT CREATE PIPE ON SCHEMA {{ database }}.RAW TO ROLE {{ loader_role }};
USE ROLE {{ loader_role }};
CREATE PIPE IF NOT EXISTS {{ database }}.RAW.{{ pipe }}
  AUTO_INGEST = TRUE
  COMMENT = 'The lake into RAW.BINANCE_RAW, on S3 notifications'
AS
{{ copy }};
GRANT MONITOR ON PIPE {{ database }}.RAW.{{ pipe }} TO ROLE {{ transformer_role }};
GRANT MONITOR ON PIPE {{ database }}.RAW.{{ pipe }} TO ROLE {{ reader_role }};

-- == Catching up
-- Objects of the last seven days that came before the notification did. What the pipe has loaded it does not load again.
ALTER PIPE {{ database }}.RAW.{{ pipe }} REFRESH;
USE ROLE {{ admin_role }};

-- == No pipe beside streaming
-- Else every line would be loaded, and paid for, twice.
USE ROLE {{ loader_role }};
ALTER PIPE IF EXISTS {{ database }}.RAW.{{ pipe }} SET PIPE_EXECUTION_PAUSED = TRUE;
USE ROLE {{ admin_role }};

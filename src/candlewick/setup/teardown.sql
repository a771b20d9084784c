-- Removes what setup.sql made, with every row in it. The lake in S3 stays: setting up again and loading it gives the
-- same rows. `candlewick setup snowflake --teardown` asks for the database's name before it runs this.

-- == Pipe, so that nothing more is loaded
USE ROLE {{ admin_role }};
DROP PIPE IF EXISTS {{ database }}.RAW.{{ pipe }};

-- == Database
DROP DATABASE IF EXISTS {{ database }};

-- == Storage integration, warehouse and roles
DROP INTEGRATION IF EXISTS {{ storage_integration }};
DROP WAREHOUSE IF EXISTS {{ warehouse }};
DROP WAREHOUSE IF EXISTS {{ reader_warehouse }};
DROP RESOURCE MONITOR IF EXISTS {{ resource_monitor }};
DROP ROLE IF EXISTS {{ loader_role }};
DROP ROLE IF EXISTS {{ transformer_role }};
DROP ROLE IF EXISTS {{ reader_role }};

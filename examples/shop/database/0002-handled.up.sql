-- What served before does not know this column, and need not: it can go on beside the new release.
ALTER TABLE orders ADD COLUMN handled_by text;

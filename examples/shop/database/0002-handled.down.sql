ALTER TABLE orders DROP COLUMN handled_by;

-- Version 1 of the file: the teams, and the ten that there are from the start.

-- What tells the file from a database of any other program: "team", in ASCII.
PRAGMA application_id = 0x7465616d;

CREATE TABLE teams (
    -- Counts upwards, and stays: what a page token says.
    id INTEGER PRIMARY KEY,
    city TEXT NOT NULL UNIQUE,
    nickname TEXT NOT NULL
) STRICT;

INSERT INTO teams (city, nickname) VALUES
    ('Chicago', 'Jackals'),
    ('Detroit', 'Wheels'),
    ('Minneapolis', 'Nordics'),
    ('New York', 'Metros'),
    ('Arizona', 'Roadrunners'),
    ('San Francisco', 'Stingers'),
    ('Seattle', 'Orcas'),
    ('Los Angeles', 'Pumas'),
    ('Philadelphia', 'Foxes'),
    ('Boston', 'Revolutionaries');

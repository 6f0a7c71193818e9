"""Fills three workspaces with the entries of an invented year, waits until all of it lies in the bucket, and asks the server,
DuckDB and ClickHouse the same questions.

    python story.py FOLDER

Told where it all is by run.sh, through the environment.
"""
import sys

import engines
import house
import pruning
import questions

folder = sys.argv[1]
workspaces = house.fill(folder)
files = house.sealed(workspaces)
duck, click = engines.DuckDB(files), engines.ClickHouse(files)
questions.compare(workspaces, [duck, click])
questions.what_does_not_count(files, duck)
pruning.measure(files, duck, click)

"""Fills three workspaces with the entries of an invented year, waits until all of it lies in the bucket, and asks the server,
DuckDB and ClickHouse the same questions.

    python story.py FOLDER

Told where it all is by run.sh, through the environment.
"""
import os
import sys

import engines
import house
import pruning
import questions

folder = sys.argv[1]
workspaces = house.fill(folder)
files = house.sealed(workspaces)
house.write(folder, files)
# The docs name files without a folder.
os.chdir(folder)
duck, click = engines.DuckDB(), engines.ClickHouse()
questions.compare(workspaces, [duck, click])
questions.documented(duck, click)
questions.what_does_not_count(files, duck)
questions.in_a_folder(house.listed_in(f"{folder}/invented"), duck)
pruning.measure(duck, click)

"""From a notebook to a report: run, collect, render, print, compare."""

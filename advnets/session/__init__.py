"""One process's part of a run: how it begins, resumes and ends; advnets from Python."""

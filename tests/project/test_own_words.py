"""The project says nothing of the machine or the folder in which it was written."""

import re
from pathlib import Path

# A folder of somebody's machine, where no address of the web and no longer path stands before it.
# Nobody is called "me".
SOMEBODYS_FOLDER = re.compile(r"(?<![\w.:/~$}-])/(?:home|root|Users|work|mnt|private/var)/(?!me\b)[\w.-]+")


def test_the_pattern_sees_folders_and_not_addresses():
    assert SOMEBODYS_FOLDER.search('open("' + "/home" + '/ann/table.csv")')
    assert not SOMEBODYS_FOLDER.search("https://example.org" + "/work" + "/paper.pdf and data" + "/home" + "/x")


def test_no_file_holds_a_path_of_a_checkout(root: Path, own_text):
    for path, text in own_text.items():
        assert str(root) not in text, path
        found = SOMEBODYS_FOLDER.search(text)
        assert not found, f"{path}: {found.group()}"


def test_every_text_file_ends_in_a_line_and_has_no_windows_line_ends(own_text):
    for path, text in own_text.items():
        if path.parts[0] != "data":  # raw tables stay as published, since their checksums are stated
            assert "\r" not in text, path
            assert not text or text.endswith("\n"), path

"""The zip file that a checkpoint is: records that are stored one after the other, below one folder.

Files come from strangers. Nothing is unpacked, every size is held against the file's own before anything is allocated, and
checksums are compared.
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import IO

ALIGNMENT = 64  # bytes, at which each record's data begin, as in PyTorch's files
_LOCAL = struct.Struct("<4s5H3I2H")
_BROKEN = (
    "PytorchStreamReader failed reading zip archive: {}. If you are seeing this error, there is a high likelihood that your checkpoint "
    "file is corrupted. This can happen if the checkpoint was not saved properly, was transferred incorrectly, or the file was modified "
    "after saving."
)


def broken(what: str) -> RuntimeError:
    """The error for a file that is no whole archive."""
    return RuntimeError(_BROKEN.format(what))


class Archive:
    """The records of a checkpoint that is open for reading. Raises RuntimeError where it is damaged, or none that PyTorch writes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._size = file.seek(0, os.SEEK_END)
        try:
            entries = zipfile.ZipFile(file).infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, IndexError, struct.error) as error:
            raise broken(f"failed finding central directory ({error})") from error
        if not entries:
            raise broken("it is empty")
        folder, slash, _ = entries[0].filename.partition("/")
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry in entries:
            if not slash or not entry.filename.startswith(f"{folder}/"):
                raise broken(f"record {entry.filename!r} lies outside of the folder {folder!r}")
            name = entry.filename.removeprefix(f"{folder}/")
            if name in self._entries:
                raise broken(f"there are two records {name!r}")
            if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size or entry.flag_bits & 1:
                raise broken(f"record {name!r} is compressed or encrypted, which PyTorch's are not")
            self._entries[name] = entry
        if sum(entry.file_size for entry in entries) > self._size:
            raise broken("its records are larger than the file")

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def size(self, name: str) -> int:
        """The bytes of a record. Raises RuntimeError where there is none of this name."""
        return self._entry(name).file_size

    def read(self, name: str) -> bytearray:
        """The bytes of a record. Raises RuntimeError where it is missing, cut or damaged."""
        entry = self._entry(name)
        self._file.seek(entry.header_offset)
        head = self._file.read(_LOCAL.size)
        if len(head) < _LOCAL.size or head[:4] != b"PK\x03\x04":
            raise broken(f"record {name!r} does not begin where the directory says")
        *_, letters, extra = _LOCAL.unpack(head)
        start = entry.header_offset + _LOCAL.size + letters + extra
        if start + entry.file_size > self._size:
            raise broken(f"record {name!r} ends behind the end of the file")
        self._file.seek(start)
        data = bytearray(entry.file_size)
        view, done = memoryview(data), 0
        while done < len(data):
            got = self._file.read(len(data) - done)
            if not got:
                raise broken(f"record {name!r} is cut")
            view[done : done + len(got)] = got
            done += len(got)
        if zlib.crc32(data) != entry.CRC:
            raise broken(f"the checksum of record {name!r} is wrong")
        return data

    def _entry(self, name: str) -> zipfile.ZipInfo:
        if name not in self._entries:
            raise RuntimeError(f"PytorchStreamReader failed locating file {name}: file not found in the checkpoint")
        return self._entries[name]


def write(file: IO[bytes], records: Mapping[str, bytes | memoryview], folder: str = "archive") -> None:
    """Write the records as PyTorch does: stored, below one folder, each one's data at a multiple of ALIGNMENT."""
    position = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, data in records.items():
            entry = zipfile.ZipInfo(f"{folder}/{name}")
            large = memoryview(data).nbytes >= zipfile.ZIP64_LIMIT  # its sizes then stand in 20 bytes more
            begin = position + _LOCAL.size + len(entry.filename.encode()) + 4 + (20 if large else 0)
            padding = -begin % ALIGNMENT
            entry.extra = struct.pack("<2sH", b"FB", padding) + b"Z" * padding
            archive.writestr(entry, data)
            position = begin + padding + memoryview(data).nbytes

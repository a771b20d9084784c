"""Pure: how files of the lake are compressed: zstd, with a checksum, and a header that says how long they are."""

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_LEVEL = zstd.CompressionParameter.compression_level
_CHECKSUM = zstd.CompressionParameter.checksum_flag
_LARGEST = 2**31


def compress(text: bytes, level: int = 3) -> bytes:
    """Return one frame."""
    return zstd.compress(text, options={_LEVEL: level, _CHECKSUM: 1})


def decompress(content: bytes) -> bytes:
    """Return what one frame holds, with nothing behind it. Raises `ValueError` for anything else.

    More than 2 GiB are refused.
    """
    try:
        size = zstd.get_frame_info(content).decompressed_size
        if size is not None and size > _LARGEST:
            raise ValueError("its header promises more than a file of the lake may hold")
        decompressor = zstd.ZstdDecompressor()
        text = decompressor.decompress(content, max_length=_LARGEST)
    except zstd.ZstdError as error:
        raise ValueError(str(error)) from None
    if not decompressor.eof or decompressor.unused_data:
        raise ValueError("it is cut, or something follows it")
    return text

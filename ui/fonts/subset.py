#!/usr/bin/env python3
"""Makes the fonts of PDF files from those that Debian and npm hand on, and writes their checksums to FONTS.toml.

Needs fonttools, and the packages fonts-noto-core, fonts-noto-mono and fonts-noto-cjk. The emoji come from the npm
package @expo-google-fonts/noto-emoji; say where it was unpacked. Whoever runs it with the same packages gets the same
bytes.

    ui/fonts/subset.py /tmp/noto-emoji/package
"""

import hashlib
import pathlib
import sys

from fontTools import subset

HERE = pathlib.Path(__file__).parent
CORE = "/usr/share/fonts/truetype/noto"
CJK = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
DEBIAN = "20201225-1"
EVERYTHING = range(0x110000)
LATIN = [
    *range(0x20, 0x250), *range(0x2B0, 0x530), *range(0x1E00, 0x2000), *range(0x2000, 0x2070), *range(0x20A0, 0x20C1),
    *range(0x2100, 0x2190), *range(0x2190, 0x2200), 0x2212, 0x221E, 0x2248, 0x2260, 0x2264, 0x2265, 0xFB01, 0xFB02, 0xFFFD,
]
MONO = [*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x2010, 0x2028), 0x2192, 0x2212, 0x20AC]
SYMBOLS = [*range(0x2190, 0x2200), *range(0x2300, 0x2400), *range(0x25A0, 0x2800), *range(0x2B00, 0x2B60)]


def rows(codec, first, last):
    """The characters of a national standard, row by row."""
    for row in range(first, last + 1):
        for cell in range(1, 95):
            try:
                yield ord(bytes([row + 0xA0, cell + 0xA0]).decode(codec))
            except (UnicodeDecodeError, TypeError):
                pass


# All of JIS X 0208, level 1 of GB 2312 and all syllables of KS X 1001: what names of people are written with. Half-width
# and full-width forms, and what JIS X 0208 leaves out of the enclosed letters.
EAST_ASIA = [
    *rows("euc_jp", 1, 94), *rows("gb2312", 16, 55), *rows("euc_kr", 16, 40), *range(0x3000, 0x3100),
    *range(0xFF01, 0xFFEF), *range(0x2460, 0x2474), *range(0x3220, 0x3244), *range(0x3131, 0x318F), 0x9AD9, 0xFA11, 0x5FB7,
]
SETS = [
    ("NotoSans-Regular.ttf", "Noto Sans", f"{CORE}/NotoSans-Regular.ttf", 0, LATIN, f"Debian fonts-noto-core {DEBIAN}"),
    ("NotoSans-Bold.ttf", "Noto Sans Bold", f"{CORE}/NotoSans-Bold.ttf", 0, LATIN, f"Debian fonts-noto-core {DEBIAN}"),
    ("NotoSansMono-Regular.ttf", "Noto Sans Mono", f"{CORE}/NotoSansMono-Regular.ttf", 0, MONO, f"Debian fonts-noto-mono {DEBIAN}"),
    ("NotoSansArabic-Regular.ttf", "Noto Sans Arabic", f"{CORE}/NotoSansArabic-Regular.ttf", 0, range(0x600, 0x700), f"Debian fonts-noto-core {DEBIAN}"),
    ("NotoSansHebrew-Regular.ttf", "Noto Sans Hebrew", f"{CORE}/NotoSansHebrew-Regular.ttf", 0, EVERYTHING, f"Debian fonts-noto-core {DEBIAN}"),
    ("NotoSansSymbols2-Regular.ttf", "Noto Sans Symbols 2", f"{CORE}/NotoSansSymbols2-Regular.ttf", 0, SYMBOLS, f"Debian fonts-noto-core {DEBIAN}"),
    ("NotoSansJP-Regular.otf", "Noto Sans CJK JP", CJK, 0, EAST_ASIA, "Debian fonts-noto-cjk 1:20220127+repack1-1"),
    ("NotoEmoji-Regular.ttf", "Noto Emoji", "400Regular/NotoEmoji_400Regular.ttf", 0, EVERYTHING, "npm package @expo-google-fonts/noto-emoji 0.4.7"),
]


def write(name, source, number, characters):
    options = subset.Options()
    options.font_number = number
    options.hinting = False
    options.layout_features = ["ccmp", "locl", "kern", "mark", "mkmk", "liga", "rlig", "calt", "init", "medi", "fina", "isol"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.drop_tables += ["BASE", "VORG", "vhea", "vmtx", "DSIG", "MATH", "STAT", "avar", "fvar", "gvar", "HVAR", "MVAR"]
    # The time of the build is no part of a font.
    options.recalc_timestamp = False
    font = subset.load_font(source, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    subset.save_font(font, str(HERE / name), options)


def main(emoji):
    out = ["# Fonts of PDF files, part of the binary; subset.py made them. A test compares the checksums.\n"]
    for name, family, source, number, characters, origin in SETS:
        path = source if source.startswith("/") else str(pathlib.Path(emoji) / source)
        write(name, path, number, set(characters))
        digest = hashlib.sha256((HERE / name).read_bytes()).hexdigest()
        out.append(
            f'["{name}"]\nname = "{family}"\nsource = "{origin}, cut down by subset.py"\n'
            f'license = "OFL-1.1"\nlicense_file = "OFL.txt"\nsha256 = "{digest}"\n'
        )
    (HERE / "FONTS.toml").write_text("\n".join(out))


if __name__ == "__main__":
    main(sys.argv[1])

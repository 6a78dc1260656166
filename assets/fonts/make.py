#!/usr/bin/env python3
"""Makes the bundled fonts from the full ones: fewer glyphs, digits of even width.

Needs fonttools and brotli. Usage: make.py INTER_DIR NOTO_CJK_TTC MATERIAL_SYMBOLS_TTF CODEPOINTS NOTO_EMOJI OUT_DIR
"""

import subprocess
import sys
from pathlib import Path

from fontTools.ttLib import TTFont

LATIN = (
    "U+0020-024F,U+02B0-02FF,U+0370-03FF,U+0400-04FF,U+1E00-1EFF,U+2000-206F,U+2070-209F,U+20A0-20BF,"
    "U+2100-214F,U+2190-21FF,U+2200-22FF,U+2300-23FF,U+25A0-25FF,U+2600-26FF,U+2700-27BF"
)
ICONS = """
    view_kanban difference history settings search close check warning error refresh chevron_right
    arrow_forward arrow_right_alt undo redo star push_pin pause pause_circle back_hand lock visibility
    cloud_off inbox add remove more_vert more_horiz expand_more expand_less check_circle schedule info
    play_arrow stop open_in_new folder download upload delete edit drag_indicator block hub link link_off
    content_copy filter_list science smart_toy bolt sort arrow_back hourglass_top cancel tune key computer dns
    terminal keep help chevron_left restart_alt note light_mode dark_mode density_small playlist_add_check
    arrow_downward arrow_upward sync timer checklist rule logout save
""".split()


def subset(source, target, *options):
    subprocess.run(["pyftsubset", source, f"--output-file={target}", "--no-hinting", *options], check=True)


def inter_with_even_digits(source, target):
    font = TTFont(source)
    even = {}
    gsub = font["GSUB"].table
    for record in gsub.FeatureList.FeatureRecord:
        if record.FeatureTag == "tnum":
            for index in record.Feature.LookupListIndex:
                for table in gsub.LookupList.Lookup[index].SubTable:
                    even.update(getattr(getattr(table, "ExtSubTable", table), "mapping", {}))
    for table in font["cmap"].tables:
        for code in map(ord, "0123456789"):
            if table.cmap.get(code) in even:
                table.cmap[code] = even[table.cmap[code]]
    font.save(target)


def gb2312():
    codes = set(range(0x3000, 0x3040)) | set(range(0xFF00, 0xFFF0))
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                codes.add(ord(bytes([high, low]).decode("gb2312")))
            except UnicodeDecodeError:
                pass
    return ",".join(f"U+{code:04X}" for code in sorted(codes) if code > 0x2000)


def main(inter, noto, symbols, codepoints, emoji, out):
    out = Path(out)
    for weight in ("Regular", "SemiBold"):
        even = out / f"Inter-{weight}.tmp.otf"
        inter_with_even_digits(Path(inter) / f"Inter-{weight}.otf", even)
        subset(even, out / f"Inter-{weight}.otf", f"--unicodes={LATIN}", "--layout-features=kern,calt,ccmp,locl,case,mark,mkmk")
        even.unlink()
    subset(noto, out / "NotoSansSC-subset.otf", "--font-number=2", f"--unicodes={gb2312()}", "--layout-features=")
    whole = out / "NotoEmoji.tmp.ttf"
    font = TTFont(emoji)
    font.flavor = None
    font.save(whole)
    subset(whole, out / "NotoEmoji-subset.ttf", "--unicodes=*", "--layout-features=")
    whole.unlink()
    known = dict(line.split() for line in Path(codepoints).read_text().splitlines())
    codes = ",".join(f"U+{known[name]}" for name in ICONS)
    subset(symbols, out / "Icons-subset.ttf", f"--unicodes={codes}", "--layout-features=")


main(*sys.argv[1:])

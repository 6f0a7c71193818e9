#!/usr/bin/env bash
# Reads our PDF and XLSX files with tools of others: pikepdf and poppler, openpyxl.
# Exit code 77: skipped, and said why.
set -euo pipefail
cd "$(dirname "$0")"
command -v python3 >/dev/null || { echo "python3 is needed"; exit 77; }
command -v pdftotext >/dev/null && command -v pdfinfo >/dev/null || { echo "poppler-utils is needed"; exit 77; }
cache="${HINDCAST_CACHE:-$HOME/.cache/hindcast}/paper"
if [ ! -x "$cache/bin/python" ] || ! "$cache/bin/python" -c 'import openpyxl, pikepdf' 2>/dev/null; then
    python3 -m venv "$cache" >/dev/null 2>&1 && "$cache/bin/pip" install --quiet openpyxl==3.1.5 pikepdf >/dev/null 2>&1 ||
        { echo "openpyxl and pikepdf could not be installed"; exit 77; }
fi
binary="${HINDCAST_BINARY:-${CARGO_TARGET_DIR:-$HOME/.cache/hindcast/target}/debug/hindcast}"
[ -x "$binary" ] || cargo build --workspace --quiet --manifest-path ../../Cargo.toml
exec "$cache/bin/python" story.py "$binary"

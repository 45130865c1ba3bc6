# Thin: every target calls the tool that does the work. Nothing here is interactive.

DATA ?= .causeway
export CAUSEWAY_DATA := $(DATA)

# Recipes of what runs in the foreground are a bare program: make then starts it without a shell in between, and a
# signal that make passes on reaches it.

# Everything on this machine, from nothing: make up [DEMO=1] [PORT=3000] [DATA=.causeway] [LISTEN=127.0.0.1]
up:
	@.ci/up.sh

# The same with a simulated provider, and one request through it.
demo: export DEMO := 1
demo:
	@.ci/up.sh

# Like up, rebuilt and restarted when a source changes; the browser reloads by itself.
dev:
	@.ci/dev.sh

# Every kind of test.
test:
	@.ci/test.sh

# The load run against the simulator, with nginx as yardstick.
bench:
	@.ci/install.sh bench && e2e/load/run.sh

# What the build for production optimises for, recorded anew.
profile:
	@.ci/install.sh profile && .ci/profile.sh

# Inputs that are nearly right, to every reader of what comes from outside: make fuzz [MINUTES=5] [FUZZ_SEED=…]
fuzz:
	@FUZZ_MINUTES="$(or $(MINUTES),5)" .ci/fuzz.sh

# Limits and ledger while instances, Redis and Postgres die: make chaos [QUICK=1]
chaos:
	@.ci/install.sh chaos && e2e/chaos/run.sh

# Pictures of every page to look at: make screenshots [OUT=screenshots]
screenshots:
	@.ci/install.sh test && e2e/run.sh screenshots "$(or $(OUT),screenshots)"

# The web admin alone, into frontend/dist.
web:
	@.ci/install.sh web && frontend/build.sh

# What the database says of each statement, written down anew after one was changed.
sqlx:
	@.ci/sqlx.sh

# What was built. Data stay: they are in $(DATA), and for root below /var/lib/causeway.
clean:
	rm -rf target target-wasm frontend/dist frontend/node_modules e2e/node_modules e2e/python/.venv

.PHONY: up demo dev test bench profile fuzz chaos screenshots web clean

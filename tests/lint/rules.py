"""What the lint checks, as data: the one place to change when the house changes.

Paths are relative to the repository and match like a shell's: `*` crosses no slash, `**` does.
"""

# The arrows of service/README.md: which folders a folder may include from (itself always), and the
# libraries of which folders its CMakeLists.txt may link. "proto" stands for the generated code.
ARROWS = {
    "service/base": [],
    "service/model": ["service/base"],
    "service/scram": ["service/model", "service/base"],
    "service/ops": ["service/model", "service/base"],
    "service/upstream": ["service/scram", "service/ops", "service/model", "service/base"],
    "service/stores": ["service/ops", "service/model", "service/base"],
    "service/callers": ["service/ops", "service/model", "service/base"],
    "service/sessions": [
        "service/upstream", "service/stores", "service/ops", "service/model", "service/base",
    ],
    "service/api": [
        "service/sessions", "service/callers", "service/ops", "service/model", "service/base",
        "proto",
    ],
    "service/main": ["service/*", "proto"],
    "service/operator": [
        "service/main", "service/upstream", "service/scram", "service/ops", "service/model",
        "service/base",
    ],
    "client": ["proto"],
    "client/cli": ["client", "proto", "service/operator"],
    # tests/: anything.
}

# Where the generated headers come from.
PROTO_INCLUDES = ("credbroker/", "google/")

OURS = ["service/**", "client/**"]
EVERYWHERE = ["service/**", "client/**", "tests/**"]

# Libraries that stay behind a front door: (what the include begins with, the files that may).
LIBRARIES = [
    ("curl/", ["service/upstream/*", "tests/**"]),
    ("grpcpp/", ["service/api/*", "service/main/*", "client/**", "tests/**"]),
    ("grpc/", ["service/api/*", "service/main/*", "client/**", "tests/**"]),
    ("spdlog/", ["service/base/log.cc"]),
    ("prometheus/", ["service/ops/*", "tests/ops/*"]),
    ("nlohmann/", ["service/base/json.*", "service/base/log.cc", "service/upstream/*", "service/ops/*", "tests/**"]),
    ("yaml-cpp/", ["service/main/*"]),
    ("httplib.h", ["service/ops/*", "tests/**"]),
    ("CLI/", ["service/main/*", "client/cli/*", "tests/sandbox/*"]),
    ("stringprep.h", ["service/scram/saslprep.cc"]),
    ("idna.h", []),
    ("gsasl.h", ["tests/sandbox/*", "tests/scram/*"]),
    ("sqlite3.h", ["service/stores/*", "tests/stores/*"]),
]

# Patterns that are banned, in code without its comments and string literals: (name, pattern, why,
# where it is looked for, the files that may).
BANS = [
    (
        "real time",
        r"\babsl::(Now|GetCurrentTimeNanos)\s*\(|\b(system_clock|steady_clock|high_resolution_clock)\b"
        r"|\b(clock_gettime|gettimeofday|timespec_get|gpr_now)\s*\(|\btime\s*\(\s*(nullptr|NULL|0)\s*\)",
        "take `now` as a parameter, or a Clock",
        OURS,
        ["service/base/clock.cc", "client/cli/*"],
    ),
    (
        "real randomness",
        r"\b(RAND_bytes|RAND_priv_bytes|getrandom|getentropy|arc4random\w*)\s*\(|\babsl::(Insecure)?BitGen\b"
        r"|\brandom_device\b|(?<![\w.>])s?rand(om)?\s*\(",
        "take a RandomSource, or the value itself",
        OURS,
        ["service/base/random.cc"],
    ),
    (
        "exceptions",
        r"\btry\b|\bcatch\s*\(|\bthrow\b",
        "absl::Status; `try` only at the edge of a library that throws",
        OURS,
        ["service/main/yaml*.cc", "service/ops/*", "service/main/command_line.cc", "client/cli/options.cc"],
    ),
    (
        "sleeping",
        r"\bsleep_(for|until)\b|\bSleepFor\s*\(|(?<![\w.>])(u|nano)?sleep\s*\(|\bclock_nanosleep\s*\(",
        "wait for what is meant (a notification, a line, a fake clock's advance)",
        EVERYWHERE,
        ["tests/sandbox/*", "tests/sanitizers/*"],
    ),
    (
        "coroutines",
        r"\bco_(await|yield|return)\b",
        "g++ 12.2 destroys temporaries in a co_await expression twice",
        EVERYWHERE,
        [],
    ),
    (
        "console output",
        r"\bstd::(cout|cerr|clog)\b|(?<![\w.>])(f|v|vf)?printf\s*\(|(?<![\w.>])f?puts\s*\(",
        "Log, which escapes",
        ["service/**"],
        ["service/main/*"],
    ),
    (
        "reading a secret",
        r"\bRevealSecret\b",
        "each file that reads a secret is listed in tests/lint/rules.py, for review",
        OURS,
        [
            "service/base/secret.*",
            "service/scram/exchange.cc", "service/scram/keys.cc", "service/scram/saslprep.cc",
            "service/upstream/curl_transfer.cc", "service/upstream/file_credential.cc",
            "service/upstream/key_cache.cc", "service/upstream/response_headers.cc",
            "service/upstream/scram_keys_file.cc",
            "service/upstream/session_api.cc", "service/upstream/session_json.cc",
            "service/sessions/account_calls.cc",
            "service/main/issuer_keys.cc",
            "service/api/messages.cc", "service/api/tls_bundle.cc", "service/api/tls_credentials.cc",
            "service/api/token_answer.cc",
            "service/operator/write_secret_file.cc",
            "service/ops/token_fingerprint.cc",
        ],
    ),
    (
        "name",
        r"\b(class|struct)\s+(?!SessionManager\b)\w*(Impl|Util|Utils|Helper|Helpers|Manager)\b(?!\s*;)",
        "a name that says what the thing is",
        OURS,
        [],
    ),
]

# Words that no file name has, with the exceptions.
FILE_NAME_WORDS = ["impl", "util", "utils", "helper", "helpers", "info", "manager"]
FILE_NAMES_ALLOWED = ["service/sessions/session_manager*", "tests/sessions/session_manager*"]

# The rows of the fault table that hold. Each has a test with `Row<N>` in its name. A row is added
# together with its test.
FAULT_ROWS = [*range(1, 23), *range(29, 41), 42, 44]

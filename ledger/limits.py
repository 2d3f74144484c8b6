"""Every bound on what comes from outside, in one place.

These are the parser's ceilings. A charter or a record type may set tighter ones, never
wider ones.
"""

from __future__ import annotations

from typing import Final

from keys import limits as key_limits

ORIGIN_BYTES_MAX: Final = key_limits.ORIGIN_BYTES_MAX
ENTRY_BYTES_MAX: Final = 60 * 1024
# Room for the head beside the JWS: origin, index, leaf and time take at most 312 bytes.
ENTRY_HEAD_BYTES_MAX: Final = 512
GOVERNANCE_INLINE_BYTES_MAX: Final = 40 * 1024
DOCUMENT_PART_BYTES_MAX: Final = 32 * 1024
DOCUMENT_BYTES_MAX: Final = 240 * 1024
DISCLOSURE_BYTES_MAX: Final = 1024 * 1024
DISCLOSURES_MAX: Final = 64
# Of manifest, address and filing each: acts about a record read them under the head lock.
CLOSED_GROUP_BYTES_MAX: Final = 32 * 1024
# Its base64url within that of its envelope leaves room for recipients in a line of 2 MiB.
SEALED_DISCLOSURE_BYTES_MAX: Final = 640 * 1024
ENVELOPE_BYTES_MAX: Final = 1536 * 1024
ENVELOPE_BODY_BYTES_MAX: Final = ENVELOPE_BYTES_MAX + 1024
ENVELOPE_RECIPIENTS_MAX: Final = 256
JWS_HEADER_BYTES_MAX: Final = 8 * 1024
KEY_BINDING_BYTES_MAX: Final = 8 * 1024
SD_JWT_BYTES_MAX: Final = 2 * 1024 * 1024
SUBMISSION_LINE_BYTES_MAX: Final = 2 * 1024 * 1024
SUBMISSION_BODY_BYTES_MAX: Final = 64 * 1024 * 1024
SUBMISSION_LINES_MAX: Final = 10_000
JSON_DEPTH_MAX: Final = 32
JSON_INTEGER_MAX: Final = 2**53 - 1
JSON_NUMBER_CHARACTERS_MAX: Final = 64
DECIMAL_DIGITS_MAX: Final = 34
TEXT_CHARACTERS_MAX: Final = 65_536
PROOF_HASHES_MAX: Final = 63
PROOF_TEXT_BYTES_MAX: Final = 128 * 1024
TREE_SIZE_MAX: Final = 2**63 - 1
TILES_FOLDED_MAX: Final = 64
BUNDLE_ENTRY_BYTES_MAX: Final = 2**16 - 1
NOTE_BYTES_MAX: Final = 64 * 1024
NOTE_SIGNATURES_MAX: Final = 100
KEY_NAME_BYTES_MAX: Final = 255
POLICY_LOGS_MAX: Final = 32
POLICY_WITNESSES_MAX: Final = 64
POLICY_GROUPS_MAX: Final = 64
POLICY_BYTES_MAX: Final = 64 * 1024
COSIGNATURE_SECONDS_MAX: Final = 2**63 - 1
# A note, and before it an old size and as many proof lines as a proof has hashes.
ADD_CHECKPOINT_BYTES_MAX: Final = NOTE_BYTES_MAX + 4 * 1024
WITNESS_REPLY_BYTES_MAX: Final = 16 * 1024
WITNESS_GROUP_MAX: Final = 256
WITNESS_WAITING_MAX: Final = 2_048
WITNESS_EVIDENCE_PER_LOG_MAX: Final = 32
WITNESS_LOGS_MAX: Final = 1_024
WITNESS_ADVANCES_PER_SECOND: Final = 10
WITNESS_BODY_SECONDS_MAX: Final = 10
WITNESS_ANSWER_SECONDS_MAX: Final = 2
WITNESS_PAUSE_SECONDS_MAX: Final = 60
COSIGNED_WAIT_SECONDS_MAX: Final = 10
FORK_EVIDENCE_BYTES_MAX: Final = 256 * 1024
VIEW_BYTES_MAX: Final = 64 * 1024 * 1024
VIEW_RECORDS_MAX: Final = 10_000
FOUNDERS_MAX: Final = 64
SEARCH_PAGE_MAX: Final = 200
#: How many of the newest records with a value are looked at for one page.
CONTENT_CANDIDATES_MAX: Final = 256
#: How many hidden ones a page for who is no member passes over before it says where it stopped.
HIDDEN_CANDIDATES_MAX: Final = 256
SEARCH_PAGE_BYTES_MAX: Final = 8 * 1024 * 1024
BLOB_BYTES_MAX: Final = 256 * 1024 * 1024
BLOB_CHUNK_BYTES_MAX: Final = 8 * 1024 * 1024
BLOBS_OPEN_PER_PARTY_MAX: Final = 32
BLOB_UNPINNED_SECONDS_MAX: Final = 24 * 3600
BLOB_EXPIRY_MARGIN_SECONDS: Final = 600
IAT_AHEAD_SECONDS_MAX: Final = 300
IAT_BEHIND_SECONDS_MAX: Final = 30 * 24 * 3600
CLOCK_BEHIND_MILLISECONDS_MAX: Final = 60_000
CLOCKS_APART_MILLISECONDS_MAX: Final = 2_000
REQUEST_WINDOW_SECONDS: Final = 60
QUOTA_BURST_SECONDS: Final = 10
QUOTA_FLOWS_MAX: Final = 10_000
RETRY_AFTER_SECONDS_MAX: Final = 60
READS_AT_ONCE_MAX: Final = 16
READS_WAITING_PER_FLOW_MAX: Final = 64
CHECKS_TURN_RECORDS: Final = 250
WRITER_TURN_RECORDS: Final = 250
WRITER_AHEAD_RECORDS_MAX: Final = 1_000
REQUEST_NONCES_MAX: Final = 100_000
REQUEST_NONCES_TOGETHER_MAX: Final = 500
SIGNATURE_FIELD_BYTES_MAX: Final = 8 * 1024
TARGET_URI_BYTES_MAX: Final = 8 * 1024
# Its fields, and target and parameters once more in the base, each with its escapes.
REQUEST_EVIDENCE_BYTES_MAX: Final = 128 * 1024
# A row of an access: at most 63 groups, each with its rule and the record that it rests on.
ACCESS_BYTES_MAX: Final = 32 * 1024
# Rows that one transaction takes; a larger view is still one request, kept whole.
ACCESSES_TOGETHER_MAX: Final = 10_000
ACCESSES_PAGE_MAX: Final = 1_000
ACCESSES_PURGED_AT_ONCE_MAX: Final = 10_000
ALERT_RULES_MAX: Final = 64
ALERT_RULE_BYTES_MAX: Final = 8 * 1024
# Inspections under way. The readings of one fit into the disclosure that they end as.
TALLIES_MAX: Final = 100
TALLY_READINGS_MAX: Final = 10_000
TALLY_BYTES_MAX: Final = 768 * 1024
TALLY_OPENING_BYTES_MAX: Final = 256 * 1024
TALLY_READING_BYTES_MAX: Final = 4 * 1024
HTTP_TARGET_BYTES_MAX: Final = 16 * 1024
HTTP_HEAD_BYTES_MAX: Final = 48 * 1024
HTTP_HEAD_FIELDS_MAX: Final = 100
HTTP_PIPELINED_MAX: Final = 16
DOCUMENT_PARTS_PENDING_MAX: Final = 256
DOCUMENT_PART_MILLISECONDS_MAX: Final = 30 * 24 * 3600 * 1000
WITNESS_POLICY_BYTES_MAX: Final = 16 * 1024
LOG_KEYS_MAX: Final = 8
ADMIN_KEYS_MAX: Final = 4
SIGNING_KEYS_MAX: Final = 1_024
SIGNING_KEYS_EVER_MAX: Final = 4_096
SUPERSEDED_SECONDS_MAX: Final = 30 * 24 * 3600
CONTEST_BACK_MILLISECONDS_MAX: Final = 72 * 3600 * 1000
PROPOSALS_OPEN_MAX: Final = 16
PROPOSAL_MILLISECONDS_MAX: Final = 30 * 24 * 3600 * 1000
RECOVERY_NOTICE_MILLISECONDS: Final = 7 * 24 * 3600 * 1000
TYPES_MAX: Final = 512
POLICIES_MAX: Final = 1_024
PURPOSES_MAX: Final = 256
CONSISTENCY_RULES_MAX: Final = 32
CONSISTENCY_DEPTH_MAX: Final = 4
CONSISTENCY_VALUES_MAX: Final = 5_000
PARAMETERS_MAX: Final = 1_024
# Offers of one party that the same other party has not answered.
RELATION_OFFERS_OPEN_MAX: Final = 64
# Open or in force between a customer and a provider: all of them are looked through under the lock.
RELATIONS_LIVE_MAX: Final = 256
# What one owner grants one reader and has not ended, delegations among it.
GRANTS_LIVE_MAX: Final = 256
GRANT_OPENS_MAX: Final = 32
GRANT_GROUPS_MAX: Final = 64
GRANT_RECORDS_MAX: Final = 64
# What a record says of its sharing, kept for acts that name it again; at most 100 KiB each.
FILINGS_KEPT_MAX: Final = 1_024
GRANT_FAMILIES_MAX: Final = 64
GRANT_MILLISECONDS_MAX: Final = 3_653 * 24 * 3600 * 1000
DELEGATIONS_LIVE_MAX: Final = 16
# Of a customer and a supplier, not closed.
CASES_LIVE_MAX: Final = 256
HOLDS_LIVE_PER_RECORD_MAX: Final = 64
ORDERS_LIVE_MAX: Final = 256
ERASURE_ORDERS_MAX: Final = 4_096
COMMIT_GROUP_RECORDS_MAX: Final = 2_000
# A submission is committed whole, even where it is larger than what is put together otherwise.
CHECKPOINT_ENTRIES_MAX: Final = max(COMMIT_GROUP_RECORDS_MAX, SUBMISSION_LINES_MAX)
SUBMISSIONS_WAITING_MAX: Final = 50_000
FOLLOW_LEAVES_MAX: Final = 65_536
FOLLOW_SECONDS_MAX: Final = 10
OUTCOME_SECONDS_MAX: Final = 20
COMMIT_TRIES_MAX: Final = 3
STORE_RETRY_SECONDS_MAX: Final = 1.0
REPEATS_TURN_RECORDS: Final = 250
RECEIPTS_KEPT_MAX: Final = 2_048
# 8 bytes each, beside those of the range that is in use.
AUDIT_CONTESTED_IDS_MAX: Final = 2**22
ANCHOR_BYTES_MAX: Final = 1024 * 1024
VIEW_ENTRIES_MAX: Final = 65_536
VIEW_KEY_PATH_MAX: Final = 256
# The rest of a view's 256 is for approvals, and for what became of the key.
KEY_EVIDENCE_MAX: Final = 192
# Whoever is admitted or recovered has room left for rotations of its own.
KEY_EVIDENCE_PROPOSED_MAX: Final = 128
VIEW_AFTERMATH_MAX: Final = 64
KEY_PATHS_KEPT_MAX: Final = 256
# Entries that share the key which wraps their own; all are wrapped again when one is erased.
VAULT_EPOCH_ENTRIES: Final = 4_096
SHELF_FILE_BYTES_MAX: Final = 256 * 1024 * 1024
STORE_READERS_MAX: Final = 4
STORE_WAIT_SECONDS_MAX: Final = 5
STORE_STATEMENT_SECONDS_MAX: Final = 60
STORE_IDLE_SECONDS_MAX: Final = 15
STORE_SILENCE_SECONDS_MAX: Final = 20
STORE_WRITER_CACHE_KIB_MAX: Final = 32 * 1024
STORE_READER_CACHE_KIB_MAX: Final = 8 * 1024
STORE_WAL_PAGES_MAX: Final = 2_048
STORE_JOURNAL_BYTES_MAX: Final = 64 * 1024 * 1024
STORE_READ_ROWS_MAX: Final = 256
STORE_LOOKUP_IDS_MAX: Final = 512
INDEX_SEGMENT_ENTRIES_MAX: Final = 65_536
INDEX_MERGE_ROWS_MIN: Final = 512
CLIENT_ATTEMPTS_MAX: Final = 7
CLIENT_LOCAL_ATTEMPTS_MAX: Final = 5
CLIENT_WAIT_SECONDS_MAX: Final = 10
CLIENT_RETRY_AFTER_SECONDS_MAX: Final = 60
CLIENT_SKEW_TOLD_SECONDS: Final = 10
CLIENT_SKEW_CORRECTED_SECONDS_MAX: Final = 3_600
CLIENT_CLOCK_SECONDS_MAX: Final = 5
CLIENT_ANSWER_SECONDS_MAX: Final = 60
CLIENT_ANSWER_BYTES_MAX: Final = 128 * 1024 * 1024
CLIENT_BATCH_RECORDS_MAX: Final = 500
CLIENT_BATCH_BYTES_MAX: Final = 8 * 1024 * 1024
STATEMENT_BYTES_MAX: Final = 64 * 1024
TABLE_BYTES_MAX: Final = 64 * 1024 * 1024
TABLE_ROWS_MAX: Final = 200_000
TABLE_COLUMNS_MAX: Final = 500
TABLE_CELLS_MAX: Final = 4_000_000
#: A workbook that is read as a table: its zip, its XML, its sheets.
WORKBOOK_DIRECTORY_BYTES_MAX: Final = 512 * 1024
WORKBOOK_PARTS_MAX: Final = 2_000
WORKBOOK_UNPACKED_BYTES_MAX: Final = 256 * 1024 * 1024
#: Of a sheet that is read as a stream, of which nothing but an open row is held.
WORKBOOK_STREAMED_BYTES_MAX: Final = 1024 * 1024 * 1024
WORKBOOK_RATIO_MAX: Final = 200
WORKBOOK_XML_DEPTH_MAX: Final = 64
WORKBOOK_NAMES_MAX: Final = 1_000
WORKBOOK_TAG_BYTES_MAX: Final = 1024 * 1024
WORKBOOK_SHEETS_MAX: Final = 256
WORKBOOK_FORMATS_MAX: Final = 65_536
WORKBOOK_TEXTS_MAX: Final = 1_000_000
WORKBOOK_CELL_CHARACTERS_MAX: Final = 32_767
WORKBOOK_MERGES_MAX: Final = 10_000
DRAFT_BYTES_MAX: Final = 64 * 1024 * 1024
DRAFTS_MAX: Final = 100_000
MAPPING_BYTES_MAX: Final = 1024 * 1024
JOURNAL_BYTES_MAX: Final = 1024 * 1024 * 1024
SCHEMA_SIZE_MAX: Final = 4_000
SCHEMA_DEPTH_MAX: Final = 32
SCHEMA_PATTERNS_MAX: Final = 128
SCHEMA_PATTERN_COMPILED_BYTES_MAX: Final = 256 * 1024
# As many as a type commits to digests. With every name and id it fits into a note.
DECISION_GROUPS_MAX: Final = 128
# In a signed refusal: with six bytes for each character it fits into a note.
REFUSAL_FAULTS_MAX: Final = 12
REFUSAL_TEXT_CHARACTERS_MAX: Final = 120
REFUSAL_DETAIL_CHARACTERS_MAX: Final = 1_000
FAULTS_MAX: Final = 100
FAULT_POINTER_CHARACTERS_MAX: Final = 400
VALUES_EXPLAINED_MAX: Final = 5_000
BACKUP_MANIFEST_BYTES_MAX: Final = 64 * 1024 * 1024

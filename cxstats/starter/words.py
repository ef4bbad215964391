"""The words by which columns are recognised, in English and Indonesian, and how a name is split into words."""

import re

# The words of a name: runs of letters, parted at digits, signs and capital letters (RecordedDate, Q7ALL, q7_checkin).
_PART = re.compile(r"[^\W\d_]+|\d+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def parts_of(name: str) -> list[str]:
    """The words and numbers of a name, in small letters."""
    return [part.casefold() for part in _PART.findall(_HUMP.sub(" ", name))]


def said(name: str, words: tuple[str, ...]) -> str | None:
    """The first of the words (or phrases) that stands in the name as a whole."""
    text = f" {' '.join(parts_of(name))} "
    return next((word for word in words if f" {word} " in text), None)


# What turns a name round: a comment on the satisfaction is no satisfaction.
NO_SCORE = (
    "comment", "comments", "reason", "text", "date", "time", "timestamp", "category", "group", "segment", "class",
    "type", "id", "title", "message", "creation", "question", "life", "komentar", "alasan", "tanggal", "waktu",
    "kategori", "kelompok", "ulasan", "hidup",
)  # fmt: skip
PAST = ("prior", "previous", "past", "before", "earlier", "last", "first", "sebelum", "sebelumnya", "lalu", "pertama")

NPS_SURELY = ("nps", "net promoter", "netpro")
NPS = (
    *NPS_SURELY, "recommend", "recommendation", "ltr", "recommends", "rekomendasi", "rekomendasikan",
    "merekomendasikan",
)  # fmt: skip
CES = ("ces", "effort", "ease", "easy", "easiness", "upaya", "usaha", "kemudahan", "mudah")
OVERALL = ("overall", "journey", "general", "keseluruhan", "secara umum", "umum", "perjalanan")
CSAT = (
    "csat", "satisfaction", "satisfied", "osat", "kepuasan", "puas", "stars", "star rating", "review score",
    "overall", "keseluruhan",
)  # fmt: skip

# Beside these an overall rating is one of satisfaction; an overall mood is not.
BESIDE_OVERALL = (
    "overall", "keseluruhan", "secara", "rating", "score", "satisfaction", "sat", "experience", "impression", "service",
    "quality", "evaluation", "customer", "q", "nilai", "skor", "kepuasan", "pengalaman", "pelanggan", "layanan",
)  # fmt: skip
CSAT_ALONE = ("rating", "score", "nilai", "skor", "penilaian", "bintang")

INTENTION = (
    "intention", "intent", "intend", "intends", "likely", "likelihood", "would", "will", "plan", "niat", "minat",
    "berniat", "rencana",
)  # fmt: skip
BINARY = (
    "churn", "churned", "cancelled", "canceled", "cancellation", "cancel", "attrition", "unsubscribed", "exited",
    "defected", "left", "berhenti", "batal", "repurchase", "repurchased", "repeat", "repeated", "reorder", "reordered",
    "bought again", "buy again", "beli ulang", "beli lagi", "membeli ulang", "pembelian ulang", "again", "return",
    "returned", "came back", "renew", "renewed", "renewal", "retained", "retention", "perpanjang", "kembali",
    "recommended",
)  # fmt: skip
SAID_BINARY = ("recommended", "recommend", "rekomendasi", "merekomendasikan")
COUNT_OUTCOME = (
    "orders", "purchases", "transactions", "visits", "pesanan", "pembelian", "transaksi", "kunjungan", "bookings",
)  # fmt: skip
AMOUNT = (
    "spend", "spending", "spent", "revenue", "sales", "belanja", "pengeluaran", "pendapatan", "omzet", "turnover",
)  # fmt: skip

TOUCHPOINTS = (
    "checkin", "check in", "checkout", "check out", "boarding", "security", "delivery", "setup", "support", "order",
    "ordering", "onboarding", "installation", "billing", "invoice", "payment", "website", "app", "store", "staff",
    "service", "comfort", "cleanliness", "wifi", "food", "catering", "beverages", "washrooms", "restroom", "price",
    "product", "packaging", "waiting", "queue", "parking", "luggage", "room", "location", "menu", "atmosphere",
    "pengiriman", "pelayanan", "layanan", "kebersihan", "kenyamanan", "keamanan", "pembayaran", "kasir", "antrian",
    "harga", "produk", "makanan", "staf", "karyawan", "pemasangan", "tagihan", "lokasi", "kamar", "pesan", "toko",
)  # fmt: skip

PERSON = (
    "customer", "customers", "respondent", "respnum", "user", "member", "guest", "client", "person", "participant",
    "subscriber", "patient", "passenger", "account", "pelanggan", "konsumen", "responden", "pengguna", "anggota",
    "tamu", "reviewer", "nasabah", "pasien", "penumpang", "external reference", "externalreference",
)  # fmt: skip
IDENTIFIER = ("id", "uuid", "guid", "key", "number", "num", "no", "code", "reference", "nomor", "kode")
FIRM = ("firm", "branch", "store", "shop", "outlet", "agent", "cabang", "toko", "gerai", "perusahaan")
ROWS_COUNT = ("n", "freq", "frequency", "count", "jumlah", "frekuensi")
WEIGHT = ("weight", "weights", "wt", "wgt", "survey weight", "bobot")
TIME = (
    "answered", "answer", "responded", "response", "recorded", "submitted", "completed", "survey", "dijawab", "review",
)  # fmt: skip
OTHER_TIME = (
    "window", "start", "starts", "begin", "birth", "expiry", "expires", "estimated", "promised", "due", "approved",
    "delivered", "limit", "visit", "mulai", "lahir", "janji",
)  # fmt: skip

SEQUENCE = (
    "visit", "session", "trip", "stay", "experience", "sequence", "episode", "call", "ride", "video", "day",
    "kunjungan", "sesi", "perjalanan", "pengalaman", "hari",
)  # fmt: skip
ORDER = (
    "minute", "second", "seconds", "time", "t", "step", "moment", "beep", "position", "order", "sequence", "obs",
    "menit", "detik", "urutan", "langkah", "momen", "waktu",
)  # fmt: skip
FELT = (
    "mood", "valence", "affect", "emotion", "feeling", "happy", "happiness", "pleasure", "pain", "value", "rating",
    "suasana hati", "perasaan", "emosi", "nilai", "senang",
)  # fmt: skip
REMEMBERED = (
    "memory", "remembered", "verdict", "overall", "retrospective", "recalled", "keseluruhan", "kenangan", "ingatan",
)  # fmt: skip

CONTROL = ("age", "tenure", "usia", "umur", "lama", "income", "pendapatan", *PAST)
# Columns of sections that are not guessed, by section.
ELSEWHERE = {
    "service": (
        "problem", "problems", "complaint", "complained", "complaints", "recovered", "resolved", "transfers", "masalah",
        "keluhan", "mengeluh", "selesai",
    ),
    "expectation": (
        "expected", "expectation", "expectations", "disconfirmation", "promised", "days early", "harapan", "ekspektasi",
    ),
}  # fmt: skip

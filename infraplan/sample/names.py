"""Names that sound right: of streets, hamlets, rivers, and of communes that do not exist."""

__all__ = [
    "AREA_WORDS",
    "HAMLET_WORDS",
    "PILOT_COMMUNES",
    "REMOTE_WORDS",
    "RIVER_NAMES",
    "STREET_NAMES",
    "UNDERGROUND_NAMES",
]

UNDERGROUND_NAMES = ("Phan Đình Phùng", "Hà Huy Tập", "Trần Phú", "Nguyễn Du", "Lý Tự Trọng")
STREET_NAMES = (
    *UNDERGROUND_NAMES, "Nguyễn Công Trứ", "Hải Thượng Lãn Ông", "Xuân Diệu", "Nguyễn Chí Thanh",
    "Nguyễn Thị Minh Khai", "Đặng Dung", "Võ Liêm Sơn", "Cao Thắng", "Lê Duẩn", "Nguyễn Thiếp",
    "Hà Tôn Mục", "Vũ Quang", "Nguyễn Biểu", "Lê Ninh", "Phan Đình Giót", "La Sơn Phu Tử",
    "Ngô Quyền", "Nguyễn Huy Tự", "Mai Thúc Loan",
)  # fmt: skip
HAMLET_WORDS = (
    "Đông", "Tây", "Nam", "Bắc", "Trung", "Tân", "Phú", "Vĩnh", "Yên", "Liên", "Hòa", "Bình",
    "Thượng", "Hạ", "Long", "Sơn", "Thủy", "Hà", "Minh", "Quang", "Xuân", "Mỹ", "Lộc", "Thanh",
    "Tiến", "Hợp", "Phúc", "An", "Đức", "Hồng",
)  # fmt: skip
REMOTE_WORDS = (
    "Rào Tre",
    "Phú Lâm",
    "Khe Nậy",
    "Khe Choăng",
    "Ngàn Trươi",
    "Đá Gân",
    "Trại Nại",
    "Khe Xai",
    "Rú Đẹo",
    "Hói Trung",
    "Khe Lang",
    "Vực Rồng",
    "Đồng Mít",
    "Khe Cấy",
    "Cồn Phượng",
    "Bãi Sậy",
)
AREA_WORDS = ("Đầu Nguồn", "Vũng Chùa", "Rú Bin", "Động Trọc")
RIVER_NAMES = ("Sông Rào Cái", "Sông Già", "Sông Cày", "Sông Ngàn Mọ", "Sông Nghèn", "Sông Rác")
# Name, kind, share of the people, whether it holds the city; invented, none is a commune of 2025.
PILOT_COMMUNES = (
    ("Thành Lạc", "phường", 0.330, True),
    ("Tân Hưng", "phường", 0.115, False),
    ("Đông Thuận", "phường", 0.100, False),
    ("Thạch Vân", "xã", 0.075, False),
    ("Hải Lộc", "xã", 0.070, False),
    ("Cẩm Phong", "xã", 0.070, False),
    ("Yên Phúc", "xã", 0.065, False),
    ("Sơn Lâm", "xã", 0.035, False),
    ("Hương Trạch", "xã", 0.040, False),
    ("Lộc Tiến", "xã", 0.055, False),
    ("Mỹ Hòa", "xã", 0.045, False),
)

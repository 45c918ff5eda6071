"""The third stage: a page's fields, cut out upright."""

from digitd.reading.locate.regions import boxes_on_page, locate, locate_freely, locate_whole, page_box

__all__ = ["boxes_on_page", "locate", "locate_freely", "locate_whole", "page_box"]

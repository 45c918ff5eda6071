"""The third stage: a page's fields, cut out upright."""

from digitd.reading.locate.regions import box_on_page, locate, locate_freely, locate_whole, page_box

__all__ = ["box_on_page", "locate", "locate_freely", "locate_whole", "page_box"]

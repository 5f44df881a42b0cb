"""Generated and embedded columns, and similarity, for Django's models: an app, `tollhouse.contrib.django`.

    class Product(AIModel):
        name = models.CharField(max_length=200)
        blurb = GeneratedText(sources=["name"], prompt="Praise {name} in a sentence.", model="cheap")
        vec = EmbeddingField(sources=["name"], model="embed-small", dims=1536)
        objects = SimilarManager()

What saves a row writes down what is to be filled (`base`, `querysets`, `wishing`), in one transaction; `ai_work` fills
it (`tollhouse.columns`, which tells the whole path, over `shelf`); `ai_backfill` finds what no save saw. Import fields
from `.fields`, the model's base from `.base`, and the manager from `.querysets`.
"""

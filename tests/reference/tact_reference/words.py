"""Words for the stemmer: English stems with many endings, hard cases, and random letters."""

STEMS = """
act adjust agree allow analog angular apolog appl arch argu arriv beauti bicycl bury call calm
care caress ceas cheer citi clean collect commun compar complet conflat connect consider control
convers copi cries cry decis defend depend detail die differ digit direct discuss divers dye easi
eat effect electr employ enjoy enter envi equal equip exceed excit explain fail fall feed feudal
file find fix fizz fli focus forc form formal friend full fun gas geo good gyroscop happ happi
harass help hesit hiss homolog hop hope hopp howe hurri idea infer inning irrit jump kind knit
know late laugh lazi learn lie like listen live logi love machin manag measur meet mend method
micro modest motor move narr nation need news noise nod normal note occur offer open operat order
organ pack pair paint pay person plan plaster play pleas plot polit pon predic prefer prepar prob
proceed provid public quick quiet radic rate read realiz reason refer relat remark remind repair
replac revis reviv roll roof rude run rush sad said sail sens sensibl separat serv shar sing size
ski sky slow smart snow sort spi stay still stop succeed sum sun surpris suspect talk tan theo
thank thorough think tie tir tomorrow train travel tri trip tripl troubl try tying typ unit use
valenc valid var vile visit wait walk warn wash watch wax way wonder work worri write yell yes
young zero zig
"""
SUFFIXES = """
e s es ed ing ings er ers ion ions ation ational ations tional y ies ied ly ness less ful fulness
fulli fulli able ably ability ibility ible al ally ali ality alism alize alizer alization ance
ancy ence ency ant ent ently ement ment ments ous ously ousness ive ively iveness ivity ize izer
ization ism ist icate ical ically icity ator eed eedly ll lly logy logi bli ou ti iti ss sses s' 1
2nd yy yed
"""
HARD = """
dying lying tying sky skies news inning innings outing outings canning cannings howe herring
proceed exceed succeed geologi theologi logi radicalli fulli hopefulli yy y syzygy by oe ied ies
eed ing bing ed sses tties died spied yyyying aed oaten caresses ponies ties cats feed agreed
plastered bled motoring conflated troubled sized hopping tanned falling hissing fizzed failing
filing happy relational conditional rational valenci hesitanci digitizer conformabli radically
differentli vileli analogousli vietnamization predication operator feudalism decisiveness
hopefulness callousness formaliti sensitiviti sensibiliti triplicate formative formalize
electriciti electrical goodness revival allowance inference airliner gyroscopic adjustable
defensible irritant replacement adjustment dependent adoption homologou communism activate
angulariti homologous effective bowdlerize probate rate cease controll roll happiness flying
enjoying saying played y2k 3rd 1234 abc123 naïve größe
"""
WORDS = 2500


def make_words(rng):
    words = {stem + suffix.strip("'") for stem in STEMS.split() for suffix in SUFFIXES.split()}
    letters = "aeiouybcdlmnrstwxz"
    words |= {"".join(rng.choice(letters) for _ in range(rng.randint(1, 9))) for _ in range(600)}
    hard = set(HARD.split()) | set(STEMS.split())
    return sorted(hard | set(rng.sample(sorted(words - hard), WORDS - len(hard))))

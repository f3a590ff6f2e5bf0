# ruff: noqa: E501 - the patterns are tables, and read best a movement a line
"""Tables of what movements, sounds and sayings speak for: published prototypes of face and voice, and the words for them."""

from __future__ import annotations

import re

ACTION_UNITS: dict[str, dict[str, float]] = {
    "1": {"sadness": 0.45, "fear": 0.3, "surprise": 0.25},
    "2": {"surprise": 0.5, "fear": 0.25},
    "4": {"anger": 0.5, "sadness": 0.25, "fear": 0.2, "disgust": 0.1},
    "5": {"surprise": 0.45, "fear": 0.5, "anger": 0.15},
    "6": {"joy": 0.9},
    "7": {"anger": 0.35, "fear": 0.2, "disgust": 0.1},
    "9": {"disgust": 1.2},
    "10": {"disgust": 0.9, "anger": 0.1},
    "12": {"joy": 0.7},
    "14": {"disgust": 0.4, "anger": 0.15},
    "15": {"sadness": 0.8, "disgust": 0.15},
    "16": {"disgust": 0.4},
    "17": {"sadness": 0.4, "disgust": 0.15, "anger": 0.15},
    "20": {"fear": 1.0},
    "23": {"anger": 0.8},
    "24": {"anger": 0.6},
    "26": {"surprise": 0.3, "fear": 0.05},
    "27": {"surprise": 0.6, "fear": 0.1},
}
"""FACS action unit to what it speaks for. Membership: EMFACS (Friesen & Ekman 1983) prototypes joy 6+12, sadness 1+4+15, surprise 1+2+5+26,
fear 1+2+4+5+7+20+26, anger 4+5+7+23, disgust 9/10+15+16, contempt 12/14 on one side. Shares among prototypes: ours, larger where a unit
belongs to few."""

COMBINED: tuple[tuple[frozenset[str], frozenset[str], dict[str, float]], ...] = (
    (frozenset({"1", "2"}), frozenset({"4"}), {"surprise": 0.5, "sadness": -0.45}),
    (frozenset({"1", "2", "5"}), frozenset({"4", "20"}), {"surprise": 0.4, "fear": -0.2}),
    (frozenset({"1", "2", "4"}), frozenset(), {"fear": 0.7, "anger": -0.4, "sadness": -0.4}),
    (frozenset({"1", "4"}), frozenset({"2"}), {"sadness": 0.5, "anger": -0.4}),
    (frozenset({"1", "15"}), frozenset(), {"sadness": 0.4}),
    (frozenset({"4", "5"}), frozenset({"1", "2"}), {"anger": 0.5, "fear": -0.3}),
    (frozenset({"4", "7"}), frozenset({"1"}), {"anger": 0.4}),
    (frozenset({"6", "12"}), frozenset(), {"joy": 0.4}),
)
"""Units together (first), none of those (second): what their meeting adds to the single units (same sources)."""

MOVEMENTS: tuple[tuple[str, str], ...] = (
    (r"inner (ends of the )?(eye)?brows? (are |is |possibly |clearly )*(raise|rise|up|lift|pull|go|drawn up)\w*", "1"),
    (r"inner brow", "1"),
    (r"(?<!inner )(?<!inner ends of the )(eye)?brows? (are |both |shoot |slightly |briefly |go |possibly |clearly )*(raise|rise|up|lift|high)\w*|raised (eye)?brows|outer brow", "1+2"),
    (r"brows? (are |is |possibly |clearly |pulled |pull |drawn |draw |slightly |strongly )*(lower|down|together|knit|furrow|contract|draw)\w*|brows?[^,;.]{0,40}(together|knit|furrow|oblique)|brows?: (lowered|drawn|knit)|frown|furrowed|brow lowerer", "4"),
    (r"upper (eye)?lids?( are| go| possibly| clearly)* (raise|rise|up|lift)\w*|eyes?( are| go| open)* wide|wide(ned)? eyes|eyes widen|wide-eyed", "5"),
    (r"cheeks? (are |possibly |clearly |lift and )*(raise|rise|full|lift|up|push)\w*|crow'?s feet|eyes? (are )?(crinkl|crease)\w*|crinkled eyes|full-cheeked|duchenne", "6"),
    (r"(eye)?lids?( are| possibly| clearly)* (tight|narrow|tense)\w*|eyes? narrow\w*|narrowed eyes|squint|glare|lids: tight", "7"),
    (r"nose (is |possibly |clearly )*wrinkl\w*|wrinkled nose|wrinkles the nose", "9"),
    (r"upper lip (is |possibly |clearly )*(raise|rise|lift|curl|pull)\w*|lip curl|sneer", "10"),
    (r"(lip|mouth) corners? (are |possibly |clearly |briefly )*(pull\w* |turn\w* |go |drawn |draw |move )*(up|back|rais)\w*|corners of the (mouth|lips) (\w+ )?(pull|turn|go|move|lift|rise|up|raise)\w*( up)?|smil(e|es|ed|ing)\b|grin|lip corner puller|beam(s|ing)\b", "12"),
    (r"dimple|smirk|one[- ]sided (smile|lip|mouth)|one lip corner|lip corner on (the|one)", "14"),
    (r"(lip|mouth) corners? (are |possibly |clearly |briefly )*(pull\w* |turn\w* |go |drop|drawn |draw |move |sink)*(down|drop|depress|fall|sag)\w*|corners of the (mouth|lips) (\w+ )?(drop|go down|down|turn down|pull down|sink)\w*|pout", "15"),
    (r"chin (is |boss |possibly |clearly )*(rais|bunch|tighten|dimpl|pucker|trembl|quiver|push|wrinkl)\w*|chin raiser", "17"),
    (r"lips? (are |possibly |clearly )*stretch\w*|mouth (is )?stretch\w*|lip stretcher", "20"),
    (r"lips? (are |possibly |clearly )*(tighten|thin|narrow|tight)\w*|tight lips|lip tightener|lips go thin", "23"),
    (r"lips? (are |possibly |clearly |together )*press\w*|pressed lips|lip pressor|mouth (is )?pressed", "24"),
    (r"jaw (is |possibly |clearly )*(drop|open|hang|fall)\w*|mouth (falls|drops|hangs|is|wide|agape)* ?open\w*|agape|jaw drop", "26"),
)  # fmt: skip
"""Plain wording of a movement to action units."""

SIGNS: tuple[tuple[str, dict[str, float]], ...] = (
    (r"\btears?\b|weep|\bcry|\bsob|eyes? (well|wet|moist|glisten|shin)\w*|wip(es?|ed|ing) (\w+ )?(\w+ )?eyes?", {"sadness": 0.9, "joy": 0.15}),
    (r"laugh(?!ing stock)|chuckl|giggl", {"joy": 0.9}),
    (r"nostrils? flare?|flared nostrils|teeth (are )?(bared|clenched|together)|jaw (is )?(clench|set|tight|hard)\w*|clenched (jaw|teeth|fist)|fist|slam|point(s|ing|ed)? (a )?finger|stab|jab", {"anger": 0.8}),
    (r"eyes? roll|roll(s|ed|ing)? (\w+ )?eyes", {"disgust": 0.4, "anger": 0.45}),
    (r"head (turns|turned|drawn|pulled|jerks) (away|back)|recoil|\bgag|\bretch|tongue (out|protru|push)|\bugh\b|lean(s|ed)? away", {"disgust": 0.8}),
    (r"flinch|shak(es|ing|y) hands|hands? (shak|trembl)\w*|freez|frozen|swallow|back(s|ed|ing) away|peek|cower|glanc\w+ (\w+ )?(behind|at the (door|exit))|bit(es|ing) (\w+ )?lip", {"fear": 0.7}),
    (r"gaze (\w+ )?(drop|down|fall|low)\w*|look(s|ed|ing)? (down|at the floor|away)|eyes? (down|drop|lowered|on the floor)|shoulders (drop|slump|sag)|slump|head (hang|sink|bow|low)\w*", {"sadness": 0.45}),
    (r"lean(s|ed|ing)? (back|in)\w* (with|,) (a )?smil|cheer|clap|jump(s|ed|ing)? up|hug|fist pump|danc|thumbs up", {"joy": 0.7}),
    (r"gasp|startl|blinks? (twice|rapidly|fast)|freezes for|head (jerks|snaps)|sharp (in-?breath|intake)|intake of breath", {"surprise": 0.55, "fear": 0.2}),
    (r"no action unit|no (clear |strong |notable )*movement|face (is )?(still|at rest|relaxed|neutral|hardly moves)|hardly moves|neutral (face|expression|mouth|brows)|blank|expressionless|resting (face|expression)|all units below|below threshold|steady gaze|relaxed (face|mouth|brows)", {"neutral": 0.8}),
)  # fmt: skip
"""Further signs in any visible or audible cue; everyday knowledge, shares ours."""

VOICE: dict[str, dict[str, float]] = {
    "anger": {"pitch": 0.6, "range": 0.7, "loud": 1.0, "fast": 0.7, "unsteady": 0.0, "hard": 1.0, "bright": -0.3},
    "joy": {"pitch": 0.7, "range": 0.8, "loud": 0.5, "fast": 0.5, "unsteady": -0.2, "hard": -0.4, "bright": 1.2},
    "fear": {"pitch": 0.9, "range": -0.2, "loud": -0.1, "fast": 0.6, "unsteady": 1.0, "hard": 0.2, "bright": -0.3},
    "sadness": {
        "pitch": -0.6,
        "range": -0.7,
        "loud": -0.9,
        "fast": -0.9,
        "unsteady": 0.6,
        "hard": -0.5,
        "bright": -0.8,
    },
    "disgust": {"pitch": -0.5, "range": 0.1, "loud": -0.1, "fast": -0.5, "unsteady": -0.2, "hard": 0.5, "bright": -0.4},
    "surprise": {"pitch": 0.9, "range": 0.8, "loud": 0.3, "fast": 0.1, "unsteady": -0.1, "hard": -0.3, "bright": 0.3},
}
"""Direction of each vocal feature per emotion: Juslin & Laukka (2003), table 7, and Scherer (2003), table 2, coarsened to -1 … 1;
`hard` is tense, harsh phonation with abrupt onsets, `bright` a smiling, warm timbre."""

SOUNDS: tuple[tuple[str, str, float], ...] = (
    (r"high(er)?\b(?! noise)|pitch(ed)? (is |goes |jumps |clearly |possibly )*(up|ris|jump|climb)\w*|shrill|squeak|rising", "pitch", 1.0),
    (r"\blow(er|ered)?\b(?! variation)(?! noise)|pitch (is |goes |clearly )*(down|drop|fall|sink)\w*|deep(er)?\b", "pitch", -1.0),
    (r"wide(r)? (\w+ )?(swing|range|variation|pitch|movement)|lively|swing|animated|melodic|varied|sing-?song|exaggerat", "range", 1.0),
    (r"flat|monoton|narrow|little (pitch )?(variation|movement)|low pitch variation|toneless|colou?rless", "range", -1.0),
    (r"loud(er|ly)?\b|shout|yell|scream|raised (voice|level)|louder", "loud", 1.0),
    (r"quiet|soft(er|ly)?\b|whisper|faint|low level|under (his|her|their) breath|murmur|hushed", "loud", -1.0),
    (r"\bfast|quick|rapid|hurried|rush|tumbl|(?<!not )sped", "fast", 1.0),
    (r"\bslow|drag|pauses?\b|halting|hesita|trail(s|ing)? off|long pause", "fast", -1.0),
    (r"trembl|shak(y|es|ing)|unsteady|quiver|waver|tremor|crack|breaks?\b|broken|breaking|jitter|stutter|stammer|\bthin\b|choke|catch(es)? in|gasping", "unsteady", 1.0),
    (r"harsh|hard\b|hard onsets|sharp|clipped|tense|pressed|biting|growl|rough|strained|tight|cutting|snap|staccato|abrupt", "hard", 1.0),
    (r"bright|warm|smil(e|ing)|laugh|giggl|chuckl|light\b|cheer|lilt", "bright", 1.0),
    (r"sigh|heavy|dull|lifeless|sob|weep|cry", "bright", -1.0),
)  # fmt: skip
"""Wording of a voice to features."""

SAYINGS: tuple[tuple[str, dict[str, float]], ...] = (
    (r"scared|afraid|terrif|frighten|what if|(can'?t|cannot) breathe|help me|oh no\b|panick|worr(y|ied)|nervous|don'?t like this|who'?s there|hear that|smoke|run\b", {"fear": 0.8}),
    (r"gross|disgust|vile|\beww?\b|\bugh\b|yuck|stink|smell|mou?ld|rotten|vomit|throw up|slim(e|y)|maggot|filth|sick to|revolting|repuls", {"disgust": 0.9}),
    (r"no way|oh my god|omg|what\?!?|wait,? what|are you serious|really\?|seriously\?|i (didn'?t|never) (expect|know|told)|out of nowhere|wow|whoa|you'?re kidding|since when|how does it", {"surprise": 0.7}),
    (r"\bdied\b|passed away|funeral|\bmiss (him|her|you|them|it)|alone|nobody (came|called)|\blost (him|her|my|the)|goodbye|wish (he|she|i|they)|gone\b|never (see|come)|sorry for your|last (night|time|day) (in|with|of)", {"sadness": 0.7}),
    (r"how dare|stupid|idiot|ridiculous|unacceptable|sick of|fed up|enough|third time|again\?|\bshut up|don'?t (you )?(touch|tell|talk)|get out|liar|lied|your fault|whose fault|unbelievable|damn|hell\b", {"anger": 0.7}),
    (r"thank (god|you so)|we (won|did it|made it)|i (won|passed|got (it|the|in))|it worked|yes+!|best (day|thing|news)|so (happy|glad|proud)|love (it|this|you)|congrat|hooray|woo|can'?t stop smiling|beautiful|amazing|clean\b.*scan|scan.*clean", {"joy": 0.8}),
)  # fmt: skip
"""What people say to what it speaks for; a minimal lexicon of everyday words and events, ours."""

MISHAPS = re.compile(
    r"cancel|delay|broke|crash|late\b|fail|lost\b|queue|hours?\b|again|stuck|rain|leak|bill\b|fine\b.*\$|wrong|spill|error|down\b"
    r"|waiting|nobody|another|third|meeting|traffic|overtime|ruin|refus|declin|stain|dead\b|empty|mess\b",
    re.I,
)
"""Everyday mishaps: warm words beside one are suspect (Riloff et al. 2013, sarcasm as positive sentiment with a negative situation)."""
PRAISE = re.compile(
    r"\b(great|lovely|wonderful|perfect|fantastic|brilliant|awesome|thanks|nice|delighted|thrilled|love|amazing|genius|"
    r"best|congratulations|bravo|charming|marvell?ous|super|exactly what|just what|good job|well done|of course)\b",
    re.I,
)
IRONIC = re.compile(
    r"flat|monoton|drawn[- ]out|drawl|stretch(es|ed)? (out )?(the )?(word|vowel|'|\")|lengthen|slow clap|eye ?roll|rolls? (\w+ )?eyes|deadpan|smirk|"
    r"sing-?song|exaggerat|elongat|one[- ]sided|\b(left|right)( side)? only|AU ?14|AU ?R?L?12[LR]|unilateral|sarcas|iron(y|ic)|dry\b|over-?emphas",
    re.I,
)
"""Ways of saying and looking that turn words around (Cheang & Pell 2008: slower, lower, flatter; smirks and eye rolls, ours)."""

UNMOVED = re.compile(
    r"(doesn'?t|does not|never|not|no) (reach|involv|crinkl)\w*|cheeks? (are |do |is )?(not|never|unmoved|still)|(no|without) (cheek|eye)|only (with )?the mouth|mouth[- ]only|eyes (stay|remain|are) (still|cold|flat|dull)|fake|forced",
    re.I,
)
"""A smile that does not reach the cheeks."""
USUAL = re.compile(
    r"(at|near|close to|within|like) (his|her|their|its|the)?[^,;]{0,24}(usual|baseline|average|normal|own level)|even (pace|tone)|steady|calm|"
    r"matter-of-fact|unremarkable|no (change|deviation)|ordinary|neutral|(pitch|level|pace|voice) even\b",
    re.I,
)
"""A voice that does nothing out of the way."""
UNSURE = re.compile(
    r"unreliable|uncertain|not separable|cannot be (decided|separated|assigned)|could not be|no (human )?face|not assigned|\[(unclear|unintelligible|"
    r"untranslatable|no dialogue|inaudible)|confidence (is )?(very )?low|low confidence|overlap|cartoon|avatar|filter'?s?\b|synthetic|dubb|drowned|"
    r"tracked for 0|occluded|too (dark|small|far|noisy)|wind noise|noise dominates|no baseline available|only a (few|single)|not kept|masks? cover",
    re.I,
)
"""A tool's own word that it did not perceive well: such a cue counts for a fifth."""

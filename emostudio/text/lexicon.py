"""What `normalize` knows of each language: abbreviations, months, money, units and signs."""

from __future__ import annotations

from dataclasses import dataclass


def _table(lines: str) -> dict[str, str]:
    """Read `short=words; short=words` over any number of lines."""
    pairs = (pair.split("=", 1) for line in lines.split("\n") for pair in line.split(";"))
    return {pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) == 2}


def _forms(lines: str) -> dict[str, tuple[str, ...]]:
    """Read `sign=for one/for many; ...`; a single form serves both."""
    forms = {sign: tuple(words.split("/")) for sign, words in _table(lines).items()}
    return {sign: form if len(form) > 1 else form * 2 for sign, form in forms.items()}


@dataclass(frozen=True)
class Language:
    """The words of one language."""

    titles: dict[str, str]  # abbreviations that never end a sentence: a name or number follows
    abbreviations: dict[str, str]  # these may end one
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    money: dict[str, tuple[str, ...]]  # sign -> unit for one, for many; cent for one, for many
    scales: dict[str, tuple[str, ...]]  # million and its kin, for one and for many
    units: dict[str, tuple[str, ...]]
    signs: dict[str, str]
    fractions: dict[str, str]
    point: str
    minus: str
    to: str
    year_words: frozenset[str]  # a four-digit number after one of these is a year
    counted: frozenset[str]  # a Roman number after one of these is counted: Chapter IV
    # A German ordinal ends by the word before it: am dritten, der dritte, sonst dritter.
    takes_en: frozenset[str] = frozenset()
    takes_e: frozenset[str] = frozenset()


ENGLISH = Language(
    titles=_table(
        """Dr.=Doctor; Mr.=Mister; Mrs.=Missis; Ms.=Miz; Prof.=Professor; Rev.=Reverend
        Hon.=Honorable; Gen.=General; Col.=Colonel; Capt.=Captain; Lt.=Lieutenant; Sgt.=Sergeant
        Gov.=Governor; Sen.=Senator; Mt.=Mount; Ft.=Fort; Nos.=numbers; Vol.=volume; vol.=volume
        Fig.=figure; fig.=figure; Ch.=chapter; ch.=chapter; pp.=pages; vs.=versus; cf.=compare
        e.g.=for example; E.g.=For example; i.e.=that is; I.e.=That is; ca.=about
        approx.=approximately; Messrs.=Messieurs"""
    ),
    abbreviations=_table(
        """etc.=et cetera; et al.=et al; Jr.=Junior; Sr.=Senior; Inc.=Incorporated; Ltd.=Limited
        Corp.=Corporation; Co.=Company; Bros.=Brothers; Dept.=Department; dept.=department
        Ave.=Avenue; Blvd.=Boulevard; Rd.=Road; a.m.=AM; p.m.=PM; A.D.=A-D; B.C.=B-C; U.S.=U-S
        U.K.=U-K; U.S.A.=U-S-A; E.U.=E-U; D.C.=D-C; Ph.D.=P-H-D; Jan.=January; Feb.=February
        Aug.=August; Sept.=September; Oct.=October; Nov.=November; Dec.=December"""
    ),
    months=tuple(
        "January February March April May June July August September October November "
        "December".split()
    ),
    short_months=tuple("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()),
    money=_forms(
        """$=dollar/dollars/cent/cents; €=euro/euros/cent/cents; £=pound/pounds/penny/pence
        ¥=yen/yen/sen/sen; USD=US dollar/US dollars/cent/cents; EUR=euro/euros/cent/cents
        GBP=pound/pounds/penny/pence"""
    ),
    scales=_forms(
        """thousand=thousand; million=million; billion=billion; trillion=trillion; k=thousand
        K=thousand; m=million; M=million; mn=million; bn=billion; B=billion; tn=trillion"""
    ),
    units=_forms(
        """%=percent; ‰=per mille; °C=degree Celsius/degrees Celsius; °=degree/degrees
        °F=degree Fahrenheit/degrees Fahrenheit; km/h=kilometer per hour/kilometers per hour
        m/s=meter per second/meters per second; mph=mile per hour/miles per hour
        km=kilometer/kilometers; m=meter/meters; cm=centimeter/centimeters
        mm=millimeter/millimeters; mi=mile/miles; ft=foot/feet; yd=yard/yards
        kg=kilogram/kilograms; g=gram/grams; mg=milligram/milligrams; lb=pound/pounds
        lbs=pound/pounds; oz=ounce/ounces; l=liter/liters; L=liter/liters
        ml=milliliter/milliliters; mL=milliliter/milliliters; ms=millisecond/milliseconds
        s=second/seconds; sec=second/seconds; min=minute/minutes; h=hour/hours; hr=hour/hours
        hrs=hour/hours; Hz=hertz; kHz=kilohertz; MHz=megahertz; GHz=gigahertz; W=watt/watts
        kW=kilowatt/kilowatts; MW=megawatt/megawatts; kWh=kilowatt hour/kilowatt hours
        V=volt/volts; dB=decibel/decibels; KB=kilobyte/kilobytes; kB=kilobyte/kilobytes
        MB=megabyte/megabytes; GB=gigabyte/gigabytes; TB=terabyte/terabytes
        m²=square meter/square meters; km²=square kilometer/square kilometers
        m³=cubic meter/cubic meters"""
    ),
    signs=_table(
        """&=and; @=at; +=plus; <=less than; >=greater than; ×=times; ÷=divided by
        ±=plus or minus; ≈=is about; ≠=is not; ≤=is at most; ≥=is at least; §=section
        %=percent; °=degrees; $=dollars; €=euros; £=pounds; #=hash; ²=squared; ³=cubed
        .=dot; /=slash"""
    )
    | {"=": "equals"},
    fractions=_table("1/2=one half; 1/3=one third; 2/3=two thirds; 1/4=one quarter\n")
    | _table("3/4=three quarters; 1/5=one fifth; 1/8=one eighth; 1/10=one tenth"),
    point="point",
    minus="minus",
    to="to",
    year_words=frozenset(
        "in since by from until till before after during year years of circa early mid late "
        "around spring summer autumn fall winter".split()
    ),
    counted=frozenset(
        "Chapter Part Act Scene Volume Book War Section Phase Type Class Figure Table Title "
        "Appendix Article Level Mark".split()
    ),
)

GERMAN = Language(
    titles=_table(
        """Dr.=Doktor; Prof.=Professor; Hr.=Herr; Hrn.=Herrn; Fr.=Frau; St.=Sankt; Nr.=Nummer
        z.B.=zum Beispiel; z. B.=zum Beispiel; Z.B.=Zum Beispiel; Z. B.=Zum Beispiel
        d.h.=das heißt; d. h.=das heißt; D.h.=Das heißt; D. h.=Das heißt; u.a.=unter anderem
        u. a.=unter anderem; i.d.R.=in der Regel; i. d. R.=in der Regel; bzw.=beziehungsweise
        ca.=zirka; Ca.=Zirka; vgl.=vergleiche; Vgl.=Vergleiche; sog.=sogenannte; evtl.=eventuell
        ggf.=gegebenenfalls; inkl.=inklusive; zzgl.=zuzüglich; max.=maximal; min.=minimal
        Abb.=Abbildung; Kap.=Kapitel; Bd.=Band; S.=Seite; Tel.=Telefon; geb.=geboren
        gest.=gestorben; v.a.=vor allem; v. a.=vor allem; o.g.=oben genannt; Dipl.=Diplom
        Ing.=Ingenieur; Art.=Artikel; Abs.=Absatz; bspw.=beispielsweise"""
    ),
    abbreviations=_table(
        """usw.=und so weiter; etc.=et cetera; Mio.=Millionen; Mrd.=Milliarden; Std.=Stunden
        Min.=Minuten; Sek.=Sekunden; u.s.w.=und so weiter; u.v.m.=und vieles mehr
        u. v. m.=und vieles mehr; v.Chr.=vor Christus; v. Chr.=vor Christus
        n.Chr.=nach Christus; n. Chr.=nach Christus; Str.=Straße; str.=straße; Jh.=Jahrhundert
        Jan.=Januar; Feb.=Februar; Aug.=August; Sept.=September; Okt.=Oktober; Nov.=November
        Dez.=Dezember; jr.=junior; sen.=senior; u.Ä.=und Ähnliches; u. Ä.=und Ähnliches"""
    ),
    months=tuple(
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
    ),
    short_months=tuple("Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez".split()),
    money=_forms(
        """$=Dollar/Dollar/Cent/Cent; €=Euro/Euro/Cent/Cent; £=Pfund/Pfund/Penny/Pence
        ¥=Yen/Yen/Sen/Sen; EUR=Euro/Euro/Cent/Cent; Euro=Euro/Euro/Cent/Cent
        USD=US-Dollar/US-Dollar/Cent/Cent; CHF=Franken/Franken/Rappen/Rappen"""
    ),
    scales=_forms(
        """Tsd.=tausend; Mio.=e Million/Millionen; Mrd.=e Milliarde/Milliarden
        Million=e Million/Millionen; Millionen=e Million/Millionen
        Milliarde=e Milliarde/Milliarden; Milliarden=e Milliarde/Milliarden; tausend=tausend
        Bio.=e Billion/Billionen"""
    ),
    # "e " in front says that one of it is "eine"
    units=_forms(
        """%=Prozent; ‰=Promille; °C=Grad Celsius; °F=Grad Fahrenheit; °=Grad
        km/h=Kilometer pro Stunde; m/s=Meter pro Sekunde; km=Kilometer; m=Meter; cm=Zentimeter
        mm=Millimeter; kg=Kilogramm; g=Gramm; mg=Milligramm; t=e Tonne/Tonnen; l=Liter; L=Liter
        ml=Milliliter; ms=e Millisekunde/Millisekunden; s=e Sekunde/Sekunden
        min=e Minute/Minuten; h=e Stunde/Stunden; Std.=e Stunde/Stunden
        Min.=e Minute/Minuten; Sek.=e Sekunde/Sekunden; Hz=Hertz; kHz=Kilohertz; MHz=Megahertz
        GHz=Gigahertz; W=Watt; kW=Kilowatt; MW=Megawatt; kWh=e Kilowattstunde/Kilowattstunden
        V=Volt; dB=Dezibel; KB=Kilobyte; kB=Kilobyte; MB=Megabyte; GB=Gigabyte; TB=Terabyte
        m²=Quadratmeter; qm=Quadratmeter; km²=Quadratkilometer; m³=Kubikmeter"""
    ),
    signs=_table(
        """&=und; @=at; +=plus; <=kleiner als; >=größer als; ×=mal; ÷=geteilt durch
        ±=plus minus; ≈=ist etwa; ≠=ungleich; ≤=höchstens; ≥=mindestens; §=Paragraf; %=Prozent
        °=Grad; $=Dollar; €=Euro; £=Pfund; #=Raute; ²=Quadrat; ³=hoch drei; .=Punkt
        /=Schrägstrich"""
    )
    | {"=": "ist gleich"},
    fractions=_table("1/2=ein halb; 1/3=ein Drittel; 2/3=zwei Drittel; 1/4=ein Viertel\n")
    | _table("3/4=drei Viertel; 1/5=ein Fünftel; 1/8=ein Achtel; 1/10=ein Zehntel"),
    point="Komma",
    minus="minus",
    to="bis",
    year_words=frozenset(
        "im jahr jahre jahres seit von vom bis um anno ab vor nach in zwischen und anfang "
        "ende mitte frühling sommer herbst winter".split()
    ),
    counted=frozenset("Kapitel Teil Akt Szene Band Buch Abschnitt Phase Typ Klasse Tafel".split()),
    takes_en=frozenset(
        "am vom zum zur im beim dem den des bis ab seit einem einer nach jeden jedem".split()
    ),
    takes_e=frozenset("der die das eine jede".split()),
)

LEXICON = {"en": ENGLISH, "de": GERMAN}

# Names of rulers: a Roman number after one of them is an ordinal (Elizabeth II).
RULERS = frozenset(
    "Henry Louis George Edward Charles Elizabeth Richard William James Philip Paul "
    "Benedict Pius Leo Francis Napoleon Alexander Catherine Gregory Clement Frederick "
    "Nicholas Peter Ivan Heinrich Friedrich Wilhelm Ludwig Karl Otto Franz Joseph "
    "Katharina Maria Gregor Iwan".split()
)


def language(lang: str) -> Language:
    """Return the words of `lang`, or say which languages there are."""
    if lang not in LEXICON:
        raise ValueError(f"Unknown language '{lang}'; choose from {', '.join(LEXICON)}.")
    return LEXICON[lang]

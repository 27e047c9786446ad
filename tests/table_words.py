"""Words that the tables of table_shapes.py are made of, the commonest first."""

EN_GIVEN = """
John Mary Patrick Margaret Michael Anne James Catherine Thomas Bridget David Sarah Paul Emma Daniel Aoife
Sean Ciara
Conor Laura Brian Niamh Stephen Karen Peter Lisa Kevin Michelle Mark Julie William Fiona Declan Deirdre
Robert Helen
Brendan Orla Martin Claire Alan Sinéad Gerard Elaine Liam Róisín Anthony Caroline Joseph Ann Eoin Gráinne
Ciarán Aisling
Noel Louise Barry Siobhán Dermot Yvonne Eamonn Maeve Cathal Jennifer Shane Rachel Colm Rebecca Niall
Hannah Ronan Amy
Damien Kate Donal Ruth Fergal Denise Keith Lorraine Jason Nicola Aidan Sharon Derek Amanda Philip
Geraldine Vincent
Teresa Kieran Eileen Adrian Una Padraig Marie Gary Olivia Darragh Grace Cian Sophie Oisín Éabha Fionn Lucy
Rory Ella
Tadhg Chloe Luke Ava Jack Mia Adam Holly Dylan Freya Ryan Jessica Evan Leah Aaron Molly Nathan Abigail Ben
Isabelle
Tomasz Agnieszka Piotr Katarzyna Marcin Magdalena Lukasz Joanna Krzysztof Monika Andrei Elena Ionut
Mihaela Carlos
Beatriz Diego Ana Rafael Larissa Mohammed Fatima Ahmed Aisha Omar Zainab Wei Xin Raj Priya Arjun Deepika
Chidi Ngozi
Femi Blessing Kwame Abena Juris Ilze Vytautas Rasa Oleksandr Olena Sergei Natalia Pierre Camille Giulia
Marco Ingrid
Sven Astrid Henk Marijke Tove Bram Elodie Mateus Yuki Haruto Soo-Jin Min Desmond Philomena Fintan Attracta
Malachy
Concepta Cornelius Assumpta Ignatius Dympna Cormac Bernadette Enda Gobnait Lorcan Ethna Ultan Nuala
Jarlath Sorcha
Ruairí Bláthnaid Diarmuid Caoimhe Muiris Sadhbh Proinsias Líadan Dónall Muireann Turlough Etain Senan
Ailbhe Art Fidelma
Clement Hortense Percival Winifred Ambrose Millicent Rupert Araminta Barnaby Ottilie Crispin Perpetua
Lysander Zenobia
""".split()

EN_FAMILY = """
Murphy Kelly O'Sullivan Walsh Smith O'Brien Byrne Ryan O'Connor O'Neill O'Reilly Doyle McCarthy Gallagher
Doherty Kennedy
Lynch Murray Quinn Moore McLoughlin O'Carroll Connolly Daly O'Connell Wilson Dunne Brennan Burke Collins
Campbell Clarke
Johnston Hughes Farrell Fitzgerald Brown Martin Maguire Nolan Flynn Thompson O'Callaghan O'Donnell Duffy
Mahony Boyle
Healy O'Shea White Sweeney Hayes Kavanagh Power McGrath Moran Brady Stewart Casey Foley Fitzpatrick
O'Leary McDonnell
MacMahon Donnelly Regan Donovan Burns Flanagan Mullan Barry Kane Robinson Cunningham Griffin Kenny Sheehan
Ward Whelan
Lyons Reid Graham Higgins Cullen Keane King Maher McKenna Bell Scott Hogan O'Keeffe Magee McNamara
McDonald McDermott
Moloney O'Rourke Buckley O'Dwyer Hickey Cahill Tobin Mulligan Costello Geraghty Prendergast Heffernan
Lavelle Corrigan
Tierney Madden Mannion Hanley Fahy Coyne Joyce Conroy Ó_Dálaigh Ní_Bhriain Mac_Giolla Devlin Rooney McCabe
Brophy Kinsella
Redmond Furlong Roche Sinnott Stafford Wadding Codd Kehoe Cogley Scallan Nowak Kowalski Wiśniewski Popescu
Ionescu
Silva Santos Pereira Khan Patel Singh Sharma Chen Wang Li Okafor Adeyemi Mensah Kazlauskas Petrauskas
Bērziņš Ivanov
Petrov Shevchenko García Fernández Rossi Ferrari Müller Schmidt Dubois Lefèvre Jansen de_Vries
van_den_Berg Hansen
Lindqvist Tanaka Nguyen Tran Kim Park Haddad Nasser Abebe Osei Taylor Davies Evans Roberts Jones Williams
Edwards Green
Hall Wood Harris Lewis Jackson Cooper Baker Turner Hill Carter Phillips Mitchell Shaw Ellis Bennett Young
Webb Palmer
""".replace("\n", " ").split()
EN_FAMILY = [name.replace("_", " ") for name in EN_FAMILY]

EN_FAMILY_STEMS = """
Ash Ald Bar Beck Black Brad Bram Bur Cal Carl Chad Cher Clay Cole Cran Dal Den Dun East Ed El Fair Far Fen
Gar Gil Grim
Had Hal Har Hart Haw Hazel Hen Hol Hors Hunt Ken Kil Kirk Lang Lin Long Mal Mar Mel Mid Mor New Nor Oak
Old Pen Pet Pres
Rad Ram Red Rock Ros Row Sand Shel Sher Stan Stock Strat Sut Tal Thorn Til Under Wal War Wel West Whit
Wick Wil Win Wood
Wor Yar Bally Clon Drum Kin Lis Rath Tully Glen Inch Knock Bel Cor Dro Gal Tem Ark Cav Loch Muc Ard Ban
Cloon Derry
""".split()

EN_FAMILY_ENDINGS = """
ton ley ham ford field worth wood well bridge by combe cott den don gate hurst land man mere more ridge
shaw son stead
wick ward way brook bury ick ett ing ington ingham aghan igan nelly mond tree church stow thorpe dale bourne
""".split()

DE_GIVEN = """
Peter Michael Thomas Maria Andreas Sabine Wolfgang Monika Klaus Petra Stefan Susanne Jürgen Ursula
Christian Andrea Martin
Claudia Frank Birgit Bernd Karin Markus Gabriele Alexander Renate Uwe Heike Matthias Brigitte Werner
Angelika Hans Martina
Manfred Helga Dieter Ingrid Heinz Christa Günter Anja Jörg Nicole Sebastian Stefanie Daniel Anna Jan
Katharina Tobias Julia
Florian Christina Ralf Sandra Horst Elke Torsten Silke Sven Kerstin Holger Barbara Karl Gisela Rolf Erika
Gerhard Anke Kai
Ute Dirk Marion Volker Jutta Helmut Melanie Rainer Tanja Joachim Anne Philipp Sarah Felix Laura Lukas Lena
Maximilian
Lea Jonas Hannah Paul Emma Leon Mia Finn Sophie Elias Marie Ben Emilia Noah Johanna Moritz Clara Anton Ida
Oskar Frieda
Walter Elisabeth Kurt Hildegard Herbert Gertrud Otto Anneliese Erich Irmgard Ernst Lieselotte Wilhelm
Waltraud Friedrich
Edith Rudolf Hannelore Heinrich Rosemarie Siegfried Dorothea Mehmet Ayşe Mustafa Fatma Ali Emine Hasan
Zeynep Murat Elif
Piotr Agnieszka Tomasz Małgorzata Sergej Olga Dimitri Swetlana Nikolai Tatjana Giuseppe Francesca Antonio
Carmela Goran
Jelena Dragan Vesna Ivan Ana Thi Minh Yusuf Leyla Omar Amina Henning Wiebke Detlef Frauke Eike Antje
Hinnerk Tomke Ludger
Mechthild Korbinian Walburga Burkhard Roswitha Gernot Kunigunde Eckhart Adelheid Winfried Ottilie Traugott
Gesine Lorenz
Hedwig Balduin Theodora Leopold Apollonia Benedikt Cosima Valentin Philippa Justus Henriette Konstantin
Friederike
""".split()

DE_FAMILY = """
Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter
Klein Wolf Schröder
Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Schmitz Krause Meier Lehmann
Schmid Schulze
Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn
Schubert Vogel
Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon
Ludwig Böhm Winter
Kraus Martin Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber
Graf Schulte
Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Thomas Voigt Sauer Arnold Wolff Pfeiffer Yılmaz
Kaya Demir
Öztürk Şahin Nowak Kowalski Nguyen Ivanov Petrović Jovanović Rossi Esposito Hansen Petersen Janssen
Claasen Behrens
Lüdemann Wübbels Tiedemann Brüggemann von_der_Heide von_Bergen zu_Rhein Ebert Fiedler Naumann Kretschmer
Zander
Löffler Hübner Göbel Rößler Barth Ulrich Nagel Hirsch Moser Riedl Gruber Steiner Pichler Egger Leitner
Aigner Ostermann
""".split()
DE_FAMILY = [name.replace("_", " ") for name in DE_FAMILY]

DE_FAMILY_STEMS = """
Acker Alt Bach Baum Berg Birken Blum Brand Breit Brink Brück Buch Burg Busch Dorn Eber Eichel Eisen Engel
Erl Falken Feld
Fink Forst Frei Fried Gold Grün Hagen Hasel Heide Hein Herz Hirsch Hof Holz Kalten Kessel Kirch Klein
Klinge Kohl Krumm
Kuhl Lang Lauten Linden Löwen Mühl Neu Nieder Nuss Ober Oster Rabe Rausch Reich Rein Rosen Roth Sauer
Schön Schwarz Seel
Silber Sonn Stein Stern Stock Strauß Tannen Thal Unter Vogel Wald Wasser Weiden Weiß Wiesen Winkel Wolf
Zimmer Quitten
""".split()

DE_FAMILY_ENDINGS = """
mann bauer meier meyer er maier mayer bach berg ert feld hausen hauser hofer hoff horst husen ke kamp ler
ling müller ner
rath recht reiter schmidt schulte stein thaler wald weber wig hagen brock loh dorf inger eder huber
""".split()

EN_STREETS = """
MAIN CHURCH STATION MILL OAK HILL ASH ABBEY CASTLE RIVER PARK CONVENT CHAPEL MARKET BRIDGE GREEN SHANNON
BOYNE BEECH ELM
HAZEL LARCH WILLOW CHERRY MAPLE FOXFIELD WOODVIEW SEAVIEW FAIRVIEW ROCKVIEW LAKEVIEW BALLINURE KNOCKMORE
ARDMORE CLONMORE
RATHMORE GLENVIEW KILBRIDE DROMORE TULLYVALE INCHMORE LISMORE CASHEL TARA EMMET PARNELL PEARSE CONNOLLY
GRATTAN TONE DAVITT
KICKHAM SARSFIELD O'CONNELL PATRICK JOSEPH BRIGID COLUMBA BRENDAN KEVIN WHITETHORN HAWTHORN SYCAMORE CEDAR
JUNIPER LAUREL
HOLLY IVY FERN HEATHER PRIMROSE BLUEBELL MEADOW ORCHARD PADDOCK COPPICE SPRINGFIELD SUMMERHILL WINTERWOOD
NORTHBROOK
EASTWOOD WESTBURY SOUTHGATE HARBOUR QUAY PIER STRAND CLIFF BEACH DUNE MARINA LIGHTHOUSE CANAL LOCK
AQUEDUCT FOUNTAIN WELL
""".split()

DE_STREETS = """
Haupt Schul Garten Bahnhof Dorf Berg Birken Linden Kirch Wald Ring Schiller Goethe Mozart Beethoven Jahn
Wiesen Mühlen
Amsel Drossel Finken Lerchen Eichen Buchen Tannen Ahorn Rosen Tulpen Nelken Flieder Feld Wasser Burg
Schloss Markt Rathaus
Post Fabrik Industrie Kapellen Kloster Friedhof Park See Ufer Bach Quellen Brunnen Sonnen Stern Mond
Uhland Lessing Heine
Kant Hegel Luther Bismarck Stresemann Adenauer Heuss Brandt Stauffenberg Scholl Röntgen Koch Siemens
Daimler Benz Diesel
Zeppelin Lilienthal Humboldt Gauß Kepler Kopernikus Lübecker Hamburger Berliner Münchner Kölner Dresdner
Leipziger Breslauer
Danziger Königsberger Stettiner Schwalben Meisen Sperber Falken Adler Hirsch Reh Fuchs Dachs Hasen Igel
Weiden Pappel Erlen
""".split()

IE_TOWNS = tuple(
    tuple(line.split("/"))
    for line in """
Dublin/Co Dublin/1
Cork/Co Cork/21
Galway/Co Galway/90
Limerick/Co Limerick/65
Waterford/Co Waterford/52
Swords/Co Dublin/1
Drogheda/Co Louth/41
Dundalk/Co Louth/42
Bray/Co Wicklow/1
Navan/Co Meath/46
Ennis/Co Clare/65
Tralee/Co Kerry/66
Carlow/Co Carlow/59
Naas/Co Kildare/59
Athlone/Co Westmeath/90
Letterkenny/Co Donegal/74
Kilkenny/Co Kilkenny/56
Sligo/Co Sligo/71
Wexford/Co Wexford/53
Mullingar/Co Westmeath/44
Portlaoise/Co Laois/57
Clonmel/Co Tipperary/52
Killarney/Co Kerry/64
Cobh/Co Cork/21
Midleton/Co Cork/21
Mallow/Co Cork/21
Castlebar/Co Mayo/94
Tullamore/Co Offaly/57
Arklow/Co Wicklow/53
Monaghan/Co Monaghan/42
Cavan/Co Cavan/49
Ballina/Co Mayo/94
Longford/Co Longford/43
Westport/Co Mayo/94
Nenagh/Co Tipperary/52
Youghal/Co Cork/21
Bandon/Co Cork/23
Roscrea/Co Tipperary/57
Skibbereen/Co Cork/23
Clifden/Co Galway/90
""".split("\n")[1:-1]
)
"""Town, county, area code."""

DE_TOWNS = tuple(
    (name, first, int(span))
    for name, first, span in (
        line.split("/")
        for line in """
Hannover/30159/24
Braunschweig/38100/26
Göttingen/37073/12
Hildesheim/31134/7
Celle/29221/6
Hameln/31785/4
Peine/31224/4
Lüneburg/21335/4
Wolfsburg/38440/6
Salzgitter/38226/3
Garbsen/30823/4
Langenhagen/30851/4
Laatzen/30880/0
Lehrte/31275/0
Burgdorf/31303/0
Springe/31832/0
Alfeld/31061/0
Einbeck/37574/0
Goslar/38640/4
Nienburg/31582/0
Stadthagen/31655/0
Wunstorf/31515/0
Gifhorn/38518/0
Uelzen/29525/0
Soltau/29614/0
Walsrode/29664/0
Rinteln/31737/0
Bückeburg/31675/0
Northeim/37154/0
Osterode am Harz/37520/0
Bad Pyrmont/31812/0
Bad Münder/31848/0
""".split("\n")[1:-1]
    )
)
"""Town, first postcode, how many more it has."""

COUNTRIES = {
    "DE": DE_TOWNS[:24],
    "IE": tuple(
        (name, code, span)
        for name, code, span in (
            ("Dublin", "D", 23),
            ("Cork", "T1", 1),
            ("Galway", "H9", 0),
            ("Limerick", "V9", 3),
            ("Waterford", "X9", 0),
            ("Tralee", "V92", 0),
            ("Sligo", "F91", 0),
            ("Ennis", "V95", 0),
            ("Naas", "W91", 0),
            ("Athlone", "N37", 0),
        )
    ),
    "AT": (
        ("Wien", "1010", 140),
        ("Graz", "8010", 44),
        ("Linz", "4020", 20),
        ("Salzburg", "5020", 6),
        ("Innsbruck", "6020", 2),
        ("Klagenfurt", "9020", 0),
        ("Villach", "9500", 4),
        ("Wels", "4600", 0),
        ("Bregenz", "6900", 0),
        ("Leoben", "8700", 0),
    ),
}
"""Towns with their first postcode and how many more they have."""

COMPANY_HEADS = """
nord alpha atlas harbour delta prime quantum vector nova apex summit orbit pixel cedar falcon granite
helix indigo juniper
keystone lumen magnet nimbus onyx pioneer quarry ridge sierra titan umbra vertex willow xenon yield zenith
amber birch cobalt
dune ember flint glacier horizon iris jade kelp lotus maple nectar opal pearl quill raven slate thistle
velvet walnut aero bolt
crest drift edge forge grove haven isle jet knot lark mast north oak pike quay reef sail tide vale wharf
arc beam core dock
elm fern gate hub ink kite leaf moss nest peak rail sage trail unit vine wave arrow bridge canal dawn
eagle field garnet
""".split()

COMPANY_TAILS = """
group systems logistics consulting solutions it tech services engineering media foods design trading
pharma energy legal
medical motors homes build print travel labs partners finance security data cloud works supply farm studio
tools net
""".split()

NOTES = """
prefers post/called about invoice #/wants a call back/moved in March/pays late/no cold calls/
two accounts, see #/asked for a refund/VIP/speak slowly/opening hours only/sent brochure/
new address follows/complained about delivery #/friend of staff/discount of # %/
Rechnung per Post/ruft zurück/Adresse prüfen/Mahnung # verschickt/Stammkunde/
bitte nicht anrufen/hat Kundenkarte #/wrong size sent
""".replace("\n", "").split("/")

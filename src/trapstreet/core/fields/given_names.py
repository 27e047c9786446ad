"""Given names that are common somewhere, folded: enough to tell a column of persons from one of towns."""

from trapstreet.core.fields.fold import word_set

COMMON_GIVEN_NAMES = word_set(
    """
    james john robert michael william david richard joseph thomas charles christopher daniel matthew
    anthony mark donald steven paul andrew joshua kenneth kevin brian george edward ronald timothy jason
    jeffrey ryan jacob gary nicholas eric jonathan stephen larry justin scott brandon benjamin samuel
    gregory frank alexander patrick raymond jack dennis jerry mary patricia jennifer linda elizabeth
    barbara susan jessica sarah karen nancy lisa betty margaret sandra ashley kimberly emily donna
    michelle carol amanda dorothy melissa deborah stephanie rebecca sharon laura cynthia kathleen amy
    angela shirley anna brenda pamela emma nicole helen samantha katherine christine debra rachel carolyn
    janet catherine maria heather diane ruth julie olivia joyce virginia victoria kelly lauren christina
    joan evelyn judith megan andrea cheryl hannah jacqueline martha gloria teresa ann sara madison frances
    kathryn janice jean alice abigail sophia grace oliver harry noah leo oscar charlie henry archie arthur
    isla ava mia amelia freya poppy florence evie chloe sean conor patrick aoife ciara niamh sinead
    siobhan padraig declan brendan eoin cian oisin saoirse maeve roisin fiona hans peter klaus jurgen
    juergen wolfgang dieter manfred uwe gunter guenter horst bernd werner helmut gerhard heinz andreas
    stefan markus christian martin matthias sebastian jan tobias florian felix lukas leon finn jonas
    maximilian anke sabine petra monika ursula brigitte renate ingrid karin claudia gabriele susanne
    birgit heike katharina kathe kaethe lena leonie marie julia sandra nadine anja silke ute jorg joerg
    ralf thorsten kai sven jean pierre michel andre philippe rene louis alain jacques bernard marcel
    daniel roger claude henri francois luc gerard nicolas laurent thierry guillaume antoine julien camille
    lea manon nathalie isabelle sylvie catherine francoise monique jose antonio manuel francisco juan
    javier carlos miguel angel jesus alejandro pedro rafael fernando luis pablo sergio jorge alberto
    carmen josefa isabel dolores pilar lucia cristina marta elena paula raquel sofia rosario mercedes
    giuseppe giovanni mario luigi angelo vincenzo salvatore francesco domenico paolo marco luca matteo
    alessandro lorenzo giulia chiara francesca valentina alessia elisa rosa giuseppina lucia anna martina
    silvia federica johannes jan cornelis hendrik willem pieter jeroen bas daan sem lars bram thijs sanne
    femke lotte anouk fleur esther joao antonio tiago diogo rui goncalo ines beatriz mariana joana leonor
    matheus gabriel lucas rodrigo thiago felipe piotr krzysztof andrzej tomasz pawel jan michal marcin
    jakub adam katarzyna malgorzata agnieszka barbara ewa magdalena zofia joanna aleksandra natalia
    zuzanna wojciech grzegorz lukasz erik karl anders johan nils per lennart bjorn bjoern gustav sven
    mikael margareta elisabeth eva kristina birgitta ingrid linnea maja ebba astrid elsa morten soren
    soeren jens mette kirsten ole hanne kari matti juhani ivan sergei dmitri alexei andrei vladimir olga
    tatiana natalya irina svetlana anastasia oleksandr mykola mohamed mohammed muhammad ahmed ali hassan
    hussein omar ibrahim yusuf fatima aisha khadija zeynep mehmet mustafa ayse amit rahul raj sanjay vijay
    priya anjali sunita ravi suresh deepak pooja arjun wei li jing fang hiroshi takashi yuki haruto sakura
    minjun jiho seoyeon
    """
)

"""What the law protects above all: GDPR Art. 9, and offences (Art. 10)."""

from collections.abc import Sequence

from trapstreet.core.fields.fold import folded, phrases, word_set, words
from trapstreet.discover.domain.declared import ANY, Family
from trapstreet.discover.domain.kinds import HeldKind, Share, anything, nothing, share_of
from trapstreet.discover.domain.values import genotype, medical

_RELIGIONS = word_set(
    """
    catholic protestant christian muslim islam islamic jewish hindu buddhist sikh orthodox lutheran baptist
    evangelical atheist agnostic methodist anglican mormon katholisch evangelisch roemisch konfessionslos
    catholique musulman juif orthodoxe bouddhiste catolico catolica judio musulmana cattolico ebreo
    katholiek rzymskokatolicki prawoslawny
    """
)
_PEOPLES = word_set(
    """
    white black asian hispanic latino latina caucasian african indigenous native arab mixed roma romani obc
    pacific islander inuit maori aboriginal mestizo
    """
)
_PARTIES = word_set(
    """
    democrat democratic republican independent libertarian labour labor conservative tory green greens
    liberal spd cdu csu fdp afd linke gruene socialist socialista communist psoe podemos vox pvda vvd
    """
)
_ORIENTATIONS = word_set(
    """
    straight gay lesbian bisexual heterosexual homosexual asexual pansexual queer bisexuel heterosexuel
    homosexuel heterosexuell homosexuell
    """
)
_ILLNESSES = word_set(
    """
    asthma diabetes hypertension cancer depression migraine epilepsy hiv aids pneumonia bronchitis anemia
    anaemia allergy allergies fracture influenza eczema stroke arthritis hepatitis tuberculosis insomnia
    diabete asthme grippe krebs bluthochdruck antibiotics insulin chemotherapy physiotherapy surgery
    dialysis autism schizophrenia seizures disability hypotonia paludisme angine bronchite
    """
)
_UNIONS = word_set(
    """
    verdi igmetall igbce gew dgb unite unison cgt cfdt ccoo ugt cgil cisl uil fnv teamsters seiu
    """
)


def _has_one_of(vocabulary: frozenset[str]) -> Share:
    """Share of short texts with a word of a vocabulary."""

    def share(texts: Sequence[str]) -> float:
        hits = sum(len(text) <= 120 and not vocabulary.isdisjoint(words(folded(text))) for text in texts)
        return hits / max(1, len(texts))

    return share


def _medical(texts: Sequence[str]) -> float:
    return max(_has_one_of(_ILLNESSES)(texts), share_of(medical)(texts))


KINDS = (
    HeldKind(
        name="health",
        title="health",
        of_things=True,
        headers=phrases(
            """
            diagnosis, diagnoses, diagnosis code, disease, diseases, illness, medical history, medical
            condition, medical conditions, medical notes, medication, medications, prescription, treatment,
            symptom, symptoms, allergy, allergies, blood type, blood group, bloodgroup, blood pressure,
            bloodpressure, bloodtype, disability, disabilities, handicap, chief complaint, icd, icd10, icd
            code, snomed, vaccination, vaccinated, immunization, pregnancy, pregnant, hiv, hiv positive,
            smoker, smoking, surgery, lab result, health, health status, heart rate, pulse, bmi, sick leave,
            sick days, sickness, mental health, diagnose, diagnosen, krankheit, krankheiten, erkrankung,
            befund, medikament, medikamente, allergien, blutgruppe, schwerbehinderung, behinderung,
            krankenkasse, krankmeldung, anamnese, impfstatus, pflegegrad, pflegestufe, diagnostic, maladie,
            maladies, antecedents, antecedents medicaux, groupe sanguin, traitement, ordonnance,
            diagnostico, enfermedad, enfermedades, alergia, alergias, grupo sanguineo, tipo sangre,
            tratamiento, medicacion, antecedentes medicos, discapacidad, diagnosi, malattia, allergie,
            gruppo sanguigno, terapia, farmaci, disabilita, ziekte, aandoening, bloedgroep, medicatie,
            doenca, medicamento, tipo sanguineo, deficiencia, rozpoznanie, choroba, grupa krwi, leki,
            alergie, sjukdom, diagnos, glucose, cholesterol, weight kg, height cm
            """
        ),
        hints=phrases(
            """
            weight, height, gewicht, groesse, poids, taille, peso, altura, temperature, bp, condition,
            value, result, procedure
            """
        ),
        types=ANY,
        coded=True,
        fits=anything,
        missed=0.0,
        tells=_medical,
        told=6.0,
        people=0.5,
        beside="medical",
        nearby=3.0,
    ),
    HeldKind(
        name="religion",
        title="religion or belief",
        headers=phrases(
            """
            religion, religious, denomination, confession, faith, belief, baptism, baptised, baptized,
            baptism date, confirmation date church, parish, konfession, religionszugehorigkeit,
            kirchensteuer, kirchensteuermerkmal, taufe, taufdatum, church tax, kirche, konfessie, religie,
            geloof, religiao, crenca, wyznanie, religione, religiosa, religionstillhorighet, bapteme,
            bautismo, battesimo
            """
        ),
        types=ANY,
        coded=True,
        fits=anything,
        missed=0.0,
        tells=_has_one_of(_RELIGIONS),
        told=4.0,
        people=1.0,
    ),
    HeldKind(
        name="ethnicity",
        title="racial or ethnic origin",
        of_things=True,
        headers=phrases(
            """
            ethnicity, ethnic, ethnic group, ethnic origin, race cd, race code, patient race, racial, caste,
            tribe, ancestry, ethnie, etnia, etnicidad, etnicidade, raza, raca, ethnische herkunft,
            etniciteit, pochodzenie etniczne, origine ethnique, migration background, migrationshintergrund,
            skin color, skin colour, cor raca
            """
        ),
        hints=phrases("race, origin, herkunft"),
        types=ANY - {Family.DATE, Family.TIME},
        coded=True,
        fits=anything,
        missed=0.0,
        tells=_has_one_of(_PEOPLES),
        told=3.0,
        people=2.0,
    ),
    HeldKind(
        name="sexual_life",
        title="sexual life or orientation",
        headers=phrases(
            """
            sexual orientation, orientation sexuelle, sexuality, sexual preference, sexuelle orientierung,
            orientacion sexual, orientamento sessuale, orientacao sexual, orientacja seksualna, seksuele
            geaardheid, lgbt, lgbti, lgtbi, lgbtq, lgbtqia, looking for gender, interested in gender, sex
            life
            """
        ),
        hints=phrases("orientation, interested in, looking for"),
        types=ANY - {Family.DATE, Family.TIME},
        coded=True,
        fits=anything,
        missed=0.0,
        tells=_has_one_of(_ORIENTATIONS),
        told=5.0,
        people=2.5,
    ),
    HeldKind(
        name="political_opinion",
        title="political opinion",
        headers=phrases(
            """
            political party, political opinion, political view, political views, political affiliation,
            party affiliation, party registration, party membership, voted for, vote choice, partei,
            parteizugehoerigkeit, parteimitgliedschaft, politische meinung, parti politique, partido
            politico, partito politico, politieke partij, partia polityczna, afiliacion politica, registered
            party
            """
        ),
        hints=phrases("party, vote"),
        types=ANY - {Family.DATE, Family.TIME},
        coded=True,
        fits=anything,
        missed=0.0,
        tells=_has_one_of(_PARTIES),
        told=4.0,
        people=1.0,
        beside="voting",
        nearby=4.0,
    ),
    HeldKind(
        name="trade_union",
        title="trade-union membership",
        headers=phrases(
            """
            trade union, labor union, labour union, union member, union membership, union dues, is union,
            gewerkschaft, gewerkschaftsmitglied, syndicat, syndique, sindicato, afiliacion sindical,
            sindacato, vakbond, zwiazek zawodowy, fackforbund, union local, union code
            """
        ),
        hints=phrases("union"),
        types=ANY - {Family.DATE, Family.TIME},
        coded=True,
        fits=anything,
        missed=0.0,
        tells=_has_one_of(_UNIONS),
        told=5.0,
        people=1.5,
    ),
    HeldKind(
        name="biometric",
        title="biometric data",
        headers=phrases(
            """
            biometric, biometrics, fingerprint, finger print, fingerprint template, face encoding, face
            embedding, face descriptor, face template, facial data, iris, iris code, iris scan, retina,
            voiceprint, voice print, palm print, faceprint, fingerabdruck, gesichtserkennung, empreinte
            digitale, huella, huella dactilar, huella digital, impronta digitale, vingerafdruk, impressao
            digital, odcisk palca, face vector
            """
        ),
        types=ANY - {Family.DATE, Family.TIME},
        fits=anything,
        missed=0.0,
        tells=nothing,
        told=0.0,
        people=1.5,
    ),
    HeldKind(
        name="genetic",
        title="genetic data",
        headers=phrases(
            """
            genotype, genome, dna, dna sequence, dna profile, genetic, genetic test, haplotype, haplogroup,
            karyotype, mutation, brca, erbgut, genotyp, profil genetique, adn, snp genotype
            """
        ),
        hints=phrases("gt, allele, alleles, variant call"),
        types=ANY - {Family.DATE, Family.TIME},
        fits=anything,
        missed=0.0,
        tells=share_of(genotype),
        told=3.5,
    ),
    HeldKind(
        name="criminal",
        title="offences and convictions",
        of_things=True,
        headers=phrases(
            """
            criminal record, crime, crime type, crime committed, conviction, convictions, conviction date,
            convicted, offence, offense, punishment, time served, date of release, felony, arrest, arrest
            date, date of arrest, sentence length, prison sentence, parole, probation officer, charge sheet,
            vorstrafe, vorstrafen, fuehrungszeugnis, straftat, verurteilung, casier judiciaire,
            condamnation, infraction penale, antecedentes penales, condena, delito, casellario, condanna,
            reato, strafblad, veroordeling, antecedentes criminais, crime cometido, karalnosc, wyrok,
            przestepstwo
            """
        ),
        types=ANY,
        coded=True,
        fits=anything,
        missed=0.0,
        tells=nothing,
        told=0.0,
        people=1.0,
    ),
)

"""Two resources of one program never own the same object."""

from providers.claims import Claim, Claims

ONE, OTHER = "urn:pulumi:dev::p::t::one", "urn:pulumi:dev::p::t::other"


def test_the_second_owner_is_told_who_the_first_one_is() -> None:
    claims = Claims()
    assert claims.add(ONE, [Claim("job", "web", ("default",))]) == []
    (told,) = claims.add(OTHER, [Claim("job", "web", ("default",))])
    assert told.startswith(f'job "web" (default) is declared by two resources of this program: {ONE} and {OTHER}.')


def test_the_same_resource_may_be_checked_again_and_change_its_mind() -> None:
    claims = Claims()
    for name in ("web", "web", "api"):
        assert claims.add(ONE, [Claim("job", name)]) == []
    assert claims.add(OTHER, [Claim("job", "web")]) == []


def test_namesakes_elsewhere_are_others() -> None:
    claims = Claims()
    claims.add(ONE, [Claim("job", "web", ("default",))])
    assert claims.add(OTHER, [Claim("job", "web", ("staging",)), Claim("namespace", "web", ("default",))]) == []


def test_a_prefix_owns_what_is_below_it_whoever_comes_first() -> None:
    for wanted in (Claim("key", "app/db/url"), Claim("key", "app/db/", below=True), Claim("key", "app/", below=True)):
        around = Claim("key", "app/", below=True)
        for first, second in ((wanted, around), (around, wanted)):
            claims = Claims()
            claims.add(ONE, [first])
            assert len(claims.add(OTHER, [second])) == 1, (first, second)
    claims = Claims()
    claims.add(ONE, [Claim("key", "app/", below=True)])
    assert claims.add(OTHER, [Claim("key", "apple")]) == []
